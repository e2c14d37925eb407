import type { DynamicModule } from '@nestjs/common';
import type { SseChannelOptions } from '../channel/channel-definition';
import type { SseModuleOptions } from '../config/options';

/**
 * What a testing module needs beside the views and their providers: `SseModule`, with settings for tests, and the channels. It
 * takes the place of `SseModule.forRoot()`.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- a decorator would load Nest with this file
export class SseTestingModule {
  /**
   * Imports `SseModule` and makes channels, as `SseModule.forFeature()` does. Unless `options` say otherwise, the channels are
   * in memory, apart from those of every other testing module; no heartbeat is sent; and `app.close()` gives clients that do
   * not read 100 milliseconds.
   *
   * `@InjectChannel(name)` and a `ChannelView` find the channels; a test gets one by `app.get(getChannelToken(name))`. Streams
   * need a server: `createNestApplication()`, then `listen(0)`.
   *
   * @param channels options of each channel; `[]` where the views have none, or an imported module makes them.
   * @param options of `SseModule.forRoot()`.
   * @throws SseConfigurationError when an option is unknown or cannot work.
   *
   * @example
   * ```ts
   * const testing = await Test.createTestingModule({
   *   imports: [SseTestingModule.forChannels([{ name: 'notifications', schema: Notification }])],
   *   controllers: [NotificationsView],
   * }).compile();
   * const app = testing.createNestApplication();
   * await app.listen(0, '127.0.0.1');
   * const client = new SseClient(`${await app.getUrl()}/notifications`);
   * ```
   */
  static forChannels(channels: readonly SseChannelOptions[], options: SseModuleOptions = {}): DynamicModule {
    // Loaded here: a test that has only a client, for a server elsewhere, loads no Nest.
    const { SseModule } = require('../sse.module') as typeof import('../sse.module');
    return {
      module: SseTestingModule,
      imports: [
        SseModule.forRoot({
          ...options,
          heartbeat: options.heartbeat ?? false,
          shutdown: { ...options.shutdown, grace: options.shutdown?.grace ?? 100 },
        }),
        SseModule.forFeature(channels),
      ],
    };
  }
}
