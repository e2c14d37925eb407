import { DEFAULT_HISTORY } from '../channel/backplane';
import type { ChannelDefinition, SseChannelOptions } from '../channel/channel-definition';
import { compileSchema } from '../validation/compile-schema';
import { kindOfSchema } from '../validation/response-schema';
import { explained } from './check-options';
import type { SseStreamOptions } from './options';
import { DEFAULTS } from './resolve-options';

/**
 * A channel's options, complete.
 *
 * @throws SseConfigurationError when its schema is not one, or validates nothing.
 */
export function resolveChannel(options: SseChannelOptions, module: SseStreamOptions): ChannelDefinition {
  const { name, schema, history } = options;
  const validation = {
    serializerOptions: options.serializerOptions ?? module.serializerOptions,
    extraneous: options.extraneous ?? module.extraneous ?? DEFAULTS.extraneous,
    validationTimeout: options.validationTimeout ?? module.validationTimeout ?? DEFAULTS.validationTimeout,
  };
  return {
    name,
    validate: explained(`The channel "${name}"`, () =>
      schema === undefined ? undefined : compileSchema(kindOfSchema(schema), validation),
    ),
    history: {
      maxEvents: history?.maxEvents ?? DEFAULT_HISTORY.maxEvents,
      maxBytes: history?.maxBytes ?? DEFAULT_HISTORY.maxBytes,
      maxAge: history?.maxAge ?? DEFAULT_HISTORY.maxAge,
    },
  };
}
