import { Module } from '@nestjs/common';
import { SseModule } from 'nestjs-sse-views';
import { Audience } from './audience';
import { channelEvents } from './notification.events';
import { NotificationsView } from './notifications.view';

@Module({
  imports: [
    SseModule.forFeature([
      { name: 'notifications', schema: channelEvents, history: { maxEvents: 100, maxAge: 10 * 60_000 } },
    ]),
  ],
  controllers: [NotificationsView],
  providers: [Audience],
})
export class NotificationsModule {}
