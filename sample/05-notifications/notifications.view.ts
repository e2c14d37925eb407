import { Body, Controller, Post, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { ChannelView, LastEventId, SseSignal, type EventsOf, type SseMessage } from 'nestjs-sse-views';
import { map, merge, startWith, type Observable } from 'rxjs';
import { Audience } from './audience';
import { NotificationsQuery, SendNotification, SentNotification } from './notification.dto';
import { streamEvents } from './notification.events';

@ApiTags('05 Notifications')
@Controller('notifications')
export class NotificationsView extends ChannelView<EventsOf<typeof streamEvents>> {
  static readonly channel = 'notifications';
  static readonly responseSchema = streamEvents;

  /** Clients that lose the connection come back after a second. */
  override readonly retry = 1_000;

  constructor(private readonly audience: Audience) {
    super();
  }

  /** `GET /notifications`: what the client missed since its last id, then each notification as it is sent. */
  @ApiBadRequestResponse({ description: 'The query has more than one `lastEventId`.' })
  override async events(
    @Query() { lastEventId }: NotificationsQuery,
    @LastEventId() header: string | undefined,
    @SseSignal() signal: AbortSignal,
  ) {
    return this.channel.subscribe({ after: header ?? lastEventId, signal });
  }

  /** Adds what concerns this connection alone: when it began, and how many there are. */
  override pipe(events$: Observable<SseMessage>): Observable<SseMessage> {
    const connected = { event: 'connected', data: { at: new Date().toISOString() } };
    const people$ = this.audience.join().pipe(map((count) => ({ event: 'people', data: { count } })));
    return merge(events$, people$).pipe(startWith(connected));
  }

  /** `POST /notifications/send`, an ordinary route; any service may publish like this. */
  @Post('send')
  @ApiCreatedResponse({ type: SentNotification })
  @ApiBadRequestResponse({ description: 'The message is missing, empty or longer than 200 characters.' })
  async send(@Body() { message }: SendNotification): Promise<SentNotification> {
    const data = { message, at: new Date().toISOString() };
    const { id } = await this.channel.publish({ event: 'notification', data });
    return { id };
  }
}
