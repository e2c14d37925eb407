import { Body, Controller, Headers, Post, UseFilters } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import type { SseMessage } from 'nestjs-sse-views';
import { startWith, type Observable } from 'rxjs';
import { SendNotification, SentNotification } from '../05-notifications/notification.dto';
import { streamEvents } from '../05-notifications/notification.events';
import { NotificationsView } from '../05-notifications/notifications.view';
import { UnavailableFilter } from './unavailable.filter';

/** Which instance serves a stream. */
export class ServedBy {
  @ApiProperty({ example: 'a' })
  @IsString()
  name!: string;
}

/** The view of the notifications sample. It says besides who serves it, and can be asked to send the same only once. */
@Controller('notifications')
@UseFilters(UnavailableFilter)
export class SharedNotificationsView extends NotificationsView {
  static override readonly responseSchema = { ...streamEvents, instance: ServedBy };

  override pipe(events$: Observable<SseMessage>): Observable<SseMessage> {
    return super.pipe(events$).pipe(startWith({ event: 'instance', data: { name: process.env['INSTANCE'] } }));
  }

  /** Whoever got no answer sends again with the same key: it is published once. */
  @Post('send')
  override async send(
    @Body() { message }: SendNotification,
    @Headers('idempotency-key') key?: string,
  ): Promise<SentNotification> {
    const data = { message, at: new Date().toISOString() };
    const { id } = await this.channel.publish({ event: 'notification', data }, { key });
    return { id };
  }
}
