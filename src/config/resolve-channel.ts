import { DEFAULT_HISTORY } from '../channel/backplane';
import type { ChannelDefinition, SseChannelOptions } from '../channel/channel-definition';
import { compileSchema } from '../validation/compile-schema';
import { kindOfSchema } from '../validation/response-schema';
import { explained } from './check-options';
import type { SseStreamOptions } from './options';

/**
 * A channel's options, complete.
 *
 * @throws SseConfigurationError when its schema is none.
 */
export function resolveChannel(options: SseChannelOptions, module: SseStreamOptions): ChannelDefinition {
  const { name, schema, history, serializerOptions = module.serializerOptions } = options;
  const kind = explained(`The channel "${name}"`, () => (schema === undefined ? undefined : kindOfSchema(schema)));
  return {
    name,
    validate: kind && compileSchema(kind, serializerOptions),
    history: {
      maxEvents: history?.maxEvents ?? DEFAULT_HISTORY.maxEvents,
      maxBytes: history?.maxBytes ?? DEFAULT_HISTORY.maxBytes,
      maxAge: history?.maxAge ?? DEFAULT_HISTORY.maxAge,
    },
  };
}
