import { Controller, Logger } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ServerSentEventsView } from 'nestjs-sse-views';
import { finalize, map, type Observable } from 'rxjs';
import { SystemMonitor } from './system-monitor';
import { SystemReading } from './system-reading';

@ApiTags('03 Live system')
@Controller('system')
export class LiveSystemView extends ServerSentEventsView<SystemReading> {
  static readonly responseSchema = SystemReading;

  private readonly logger = new Logger('LiveSystemView');
  private watching = 0;

  constructor(private readonly monitor: SystemMonitor) {
    super();
  }

  /** `GET /system`, without an end: it goes on until the client leaves, which unsubscribes from the `Observable`. */
  events(): Observable<{ event: string; data: SystemReading }> {
    this.logger.log(`A client came, ${++this.watching} watching`);
    return this.monitor.readings$.pipe(
      map((reading) => ({ event: 'reading', data: reading })),
      finalize(() => this.logger.log(`A client left, ${--this.watching} watching`)),
    );
  }

  /** A reading is of no use to those who come later: there is nothing to resume from. */
  override eventId(): undefined {}
}
