import { Module } from '@nestjs/common';
import { SseModule } from 'nestjs-sse-views';
import { redisBackplane } from 'nestjs-sse-views/redis';
import { Audience } from '../05-notifications/audience';
import { channelEvents } from '../05-notifications/notification.events';
import { SharedNotificationsView } from './shared-notifications.view';

/** The notifications of one process become those of all of them by one line: the backplane. */
@Module({
  imports: [
    SseModule.forRoot({ backplane: redisBackplane({ url: process.env['REDIS_URL'] }) }),
    SseModule.forFeature([
      { name: 'notifications', schema: channelEvents, history: { maxEvents: 1_000, maxAge: 10 * 60_000 } },
    ]),
  ],
  controllers: [SharedNotificationsView],
  providers: [Audience],
})
export class InstanceModule {}
