import { Controller, HttpCode, NotFoundException, Param, ParseEnumPipe, Post } from '@nestjs/common';
import { ServerSentEventsView } from 'nestjs-sse-views';
import type { Observable } from 'rxjs';
import { Instances, type InstanceStatus } from './instances';

const ACTIONS = { start: 'start', stop: 'stop', kill: 'kill' } as const;

/** What becomes of the instances, and the buttons for it. */
@Controller('instances')
export class InstancesView extends ServerSentEventsView<readonly InstanceStatus[]> {
  override readonly retry = 1_000;

  constructor(private readonly instances: Instances) {
    super();
  }

  /** `GET /instances`: all of them, now and after each change. A page that comes back needs nothing of before. */
  override events(): Observable<readonly InstanceStatus[]> {
    return this.instances.statuses$;
  }

  @Post(':name/:action')
  @HttpCode(204)
  act(@Param('name') name: string, @Param('action', new ParseEnumPipe(ACTIONS)) action: keyof typeof ACTIONS): void {
    const instance = this.instances.all.find((candidate) => candidate.name === name);
    if (!instance) {
      throw new NotFoundException(`There is no instance ${name}`);
    }
    instance[action]();
  }
}
