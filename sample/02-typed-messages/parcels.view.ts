import { Controller, Param } from '@nestjs/common';
import { ApiBadRequestResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { LastEventId, ServerSentEventsView, SseRoute, SseSignal, type SseMessage } from 'nestjs-sse-views';
import { parcelMessages, type AnyParcelMessage } from './parcel-messages';
import { ParcelTracker } from './parcel-tracker';
import { TrackingCodePipe } from './tracking-code.pipe';

@ApiTags('02 Typed messages')
@Controller('parcels')
export class ParcelsView extends ServerSentEventsView<AnyParcelMessage> {
  /** When a connection breaks, a browser comes back one second later. At the end of the stream it does not. */
  override readonly retry = 1_000;

  constructor(private readonly tracker: ParcelTracker) {
    super();
  }

  /** `GET /parcels/PX-1042/events`: what is yielded is sent as an event that is named after its class. */
  @SseRoute(':code/events', { responseSchema: parcelMessages, typedEvents: true })
  @ApiParam({ name: 'code', example: 'PX-1042' })
  @ApiBadRequestResponse({ description: 'The code is not two capital letters, a hyphen and four digits.' })
  events(
    @Param('code', TrackingCodePipe) code: string,
    @LastEventId() lastEventId: string | undefined,
    @SseSignal() signal: AbortSignal,
  ) {
    return this.tracker.follow(code, stepOf(lastEventId), signal);
  }

  override eventId({ data }: SseMessage<AnyParcelMessage>): number {
    return data!.step;
  }
}

/** The step that an id stands for, or 0 where there is none. */
function stepOf(id: string | undefined): number {
  return id !== undefined && /^\d{1,3}$/.test(id) ? Number(id) : 0;
}
