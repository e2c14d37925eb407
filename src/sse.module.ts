import { Global, Inject, Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import type { SseChannelOptions } from './channel/channel-definition';
import { getChannelToken } from './channel/inject-channel.decorator';
import { memoryBackplane } from './channel/memory-backplane';
import type { SseChannel } from './channel/sse-channel';
import { SseChannels } from './channel/sse-channels';
import { CHANNEL_OPTIONS, SseChannelsModule } from './channel/sse-channels.module';
import { checkChannelOptions } from './config/check-options';
import type { SseModuleOptions } from './config/options';
import { InitializeOnPreviewAllowlist } from '@nestjs/core';
import { resolveChannel } from './config/resolve-channel';
import { ConfigurableModuleClass } from './config/sse.module-definition';
import { SseConfigurationError, SseModuleMissingError } from './event/sse.error';
import { SseConnections } from './view/sse-connections';
import { SseRouteRegistrar } from './view/sse-route.registrar';
import { SseRuntime } from './view/sse.runtime';

/**
 * Makes the application's views and `@SseRoute()` methods streams. Import it once, in the root module; it is global.
 *
 * @example
 * ```ts
 * @Module({ imports: [SseModule.forRoot()], controllers: [StockPricesView] })
 * export class AppModule {}
 * ```
 */
@Global()
@Module({
  providers: [
    SseConnections,
    SseRuntime,
    SseRouteRegistrar,
    {
      provide: SseChannels,
      inject: [SseRuntime],
      useFactory: ({ options }: SseRuntime) => new SseChannels(options.backplane ?? memoryBackplane()),
    },
  ],
  exports: [SseConnections, SseRuntime, SseChannels],
})
export class SseModule extends ConfigurableModuleClass {
  @Inject(SseRouteRegistrar)
  private readonly registrar!: SseRouteRegistrar;

  /** @param options defaults for every stream; each route may override them. */
  static override forRoot(options: SseModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Makes channels, each under its own name: `@InjectChannel(name)` gives one to any provider of the application.
   *
   * @throws SseConfigurationError when an option is unknown or cannot work.
   */
  static forFeature(channels: readonly SseChannelOptions[]): DynamicModule {
    if (!Array.isArray(channels)) {
      throw new SseConfigurationError('SseModule.forFeature() takes a list of channels: [{ name, schema, history }]');
    }
    channels.forEach(checkChannelOptions);
    const names = channels.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new SseConfigurationError(`SseModule.forFeature() is given two channels with the name "${twice}"`);
    }
    const providers = channels.map(channelProvider);
    return {
      module: SseChannelsModule,
      global: true,
      providers: [{ provide: CHANNEL_OPTIONS, useValue: channels }, ...providers],
      exports: providers.map(({ provide }) => provide),
    };
  }

  /** Adds no middleware: it is the moment when Nest knows all interceptors and has not made its routes. @internal */
  configure(): void {
    this.registrar.placeInterceptors();
  }
}

function channelProvider(options: SseChannelOptions): FactoryProvider<SseChannel> {
  return {
    provide: getChannelToken(options.name),
    inject: [
      { token: SseChannels, optional: true },
      { token: SseRuntime, optional: true },
    ],
    useFactory: (channels?: SseChannels, runtime?: SseRuntime) => {
      if (!channels || !runtime) {
        throw new SseModuleMissingError();
      }
      return channels.open(resolveChannel(options, runtime.options.stream));
    },
  };
}

// A document made with `NestFactory.create(AppModule, { preview: true })` shows the streams, too.
InitializeOnPreviewAllowlist.add(SseModule);
