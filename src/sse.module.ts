import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { SseModuleOptions } from './config/options';
import { InitializeOnPreviewAllowlist } from '@nestjs/core';
import { ConfigurableModuleClass } from './config/sse.module-definition';
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
  providers: [SseConnections, SseRuntime, SseRouteRegistrar],
  exports: [SseConnections, SseRuntime],
})
export class SseModule extends ConfigurableModuleClass {
  /** @param options defaults for every stream; each route may override them. */
  static override forRoot(options: SseModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }
}

// A document made with `NestFactory.create(AppModule, { preview: true })` shows the streams, too.
InitializeOnPreviewAllowlist.add(SseModule);
