import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { SseModuleOptions } from './options';

/** The base class of `SseModule` and the token of its options. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<SseModuleOptions>({
  moduleName: 'Sse',
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();
