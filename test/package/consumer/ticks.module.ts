import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Injectable, Module, NotFoundException, Query } from '@nestjs/common';
import { ServerSentEventsView, SseModule, SseSignal } from 'nestjs-sse-views';

interface Tick {
  n: number;
}

@Injectable()
export class Clock {
  async *ticks(signal: AbortSignal): AsyncGenerator<Tick> {
    for (let n = 0; !signal.aborted; n++) {
      yield { n };
      await sleep(20, undefined, { signal }).catch(() => undefined);
    }
    console.log('The source has ended');
  }
}

@Controller('ticks')
export class TicksView extends ServerSentEventsView<Tick> {
  constructor(private readonly clock: Clock) {
    super();
  }

  async events(@Query('of') of: string, @SseSignal() signal: AbortSignal) {
    if (of === 'nothing') {
      throw new NotFoundException('There is no such clock');
    }
    return this.clock.ticks(signal);
  }

  @Get('latest')
  latest(): Tick {
    return { n: -1 };
  }
}

@Module({ imports: [SseModule.forRoot()], controllers: [TicksView], providers: [Clock] })
export class AppModule {}
