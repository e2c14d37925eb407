import type { Backplane } from '../channel/backplane';
import { classOf, type NameOfData } from '../event/to-message';
import { noId, randomId } from '../stream/event-ids';
import { mergeHeaders, withoutHeaders, type SseHeaders } from '../stream/response-headers';
import type { StreamOptions } from '../stream/stream-options';
import { compileSchema } from '../validation/compile-schema';
import { kindOfSchema, type SchemaKind } from '../validation/response-schema';
import { checkHeaders, checkModuleOptions, checkRouteOptions, explained } from './check-options';
import type { SseModuleOptions, SseRouteOptions, SseShutdownOptions, SseStreamOptions } from './options';

/** The default of every option. */
export const DEFAULTS = {
  format: 'json',
  headers: {},
  heartbeat: 15_000,
  onInvalid: 'error',
  onEnd: 'stop',
  onError: 'reconnect',
  openAfter: 100,
  overflow: { maxBytes: 1_048_576, policy: 'disconnect', timeout: 30_000 },
  typedEvents: false,
  eventId: randomId,
  extraneous: 'strip',
  validationTimeout: 10_000,
} as const satisfies SseStreamOptions;

const SHUTDOWN_DEFAULTS = { grace: 5_000, retry: 1_000 } as const satisfies SseShutdownOptions;

/** What a view says of its `events()`, beside the options of its decorator. */
export interface ViewDefaults {
  readonly responseSchema?: unknown;
  readonly headers?: SseHeaders | undefined;
  /** Names of the headers that `@Header()` sets on the method: as its own they take precedence over those of the view and the module. */
  readonly decorated?: readonly string[] | undefined;
  /** Whether the method reads the id that a returning client received last. */
  readonly readsLastEventId?: boolean | undefined;
}

/** A route's options, complete, and the schema they were made of. */
export interface ResolvedRoute {
  readonly stream: StreamOptions;
  readonly schema: SchemaKind | undefined;
  /** What the route itself says, which a view's own members do not override. */
  readonly own: Pick<SseRouteOptions, 'eventId' | 'retry' | 'pipe'>;
  readonly typedEvents: boolean;
}

/** @throws SseConfigurationError when an option of the module is unknown or cannot work. */
export function resolveModuleOptions(options: SseModuleOptions): {
  stream: SseStreamOptions;
  shutdown: Required<SseShutdownOptions>;
  backplane: Backplane | undefined;
} {
  checkModuleOptions(options);
  const { shutdown = {}, backplane, ...stream } = options;
  return { stream, backplane, shutdown: { ...SHUTDOWN_DEFAULTS, ...defined(shutdown) } };
}

/**
 * The one place where defaults, the module's options, the view's statics and the route's options meet.
 *
 * @throws SseConfigurationError when an option of the route is unknown or cannot work.
 */
export function resolveRouteOptions(
  module: SseStreamOptions,
  view: ViewDefaults,
  route: SseRouteOptions,
  where: string,
): ResolvedRoute {
  checkRouteOptions(route, where);
  checkHeaders(view.headers, where);
  const merged = { ...DEFAULTS, ...defined(module), ...defined(route) };
  const inherited = withoutHeaders(mergeHeaders(module.headers, view.headers), view.decorated ?? []);
  const headers = mergeHeaders(inherited, route.headers);
  const schema = explained(where, () => {
    const given = route.responseSchema ?? view.responseSchema;
    return given === undefined ? undefined : kindOfSchema(given);
  });
  return {
    schema,
    own: { eventId: route.eventId, retry: route.retry, pipe: route.pipe },
    typedEvents: merged.typedEvents,
    stream: {
      format: merged.format,
      headers,
      heartbeat: merged.heartbeat,
      nameOfData: merged.typedEvents ? nameOfData(schema) : undefined,
      onEnd: merged.onEnd,
      onError: merged.onError,
      onInvalid: merged.onInvalid,
      openAfter: merged.openAfter,
      overflow: { ...DEFAULTS.overflow, ...defined(module.overflow ?? {}), ...defined(route.overflow ?? {}) },
      validate: schema && explained(where, () => compileSchema(schema, merged)),
      // What the method reads back, it has given itself: a random id means nothing to it, and would take the place of one that does.
      eventId: merged.eventId === randomId && view.readsLastEventId ? noId : merged.eventId,
      pipe: merged.pipe,
      retry: merged.retry,
    },
  };
}

/**
 * Names an event after the class of its data. Where the schema is a record, the name is the record's: a build that minifies
 * changes the names of classes.
 */
function nameOfData(schema: SchemaKind | undefined): NameOfData {
  const nameOfModel = schema?.kind === 'record' ? undefined : schema?.model?.name;
  const names = new Map<Function, string>();
  for (const [event, member] of schema?.kind === 'record' ? schema.schemas : []) {
    if (member.kind === 'class' && !names.has(member.model)) {
      names.set(member.model, event);
    }
  }
  return (data) => {
    const model = classOf(data);
    return model === undefined ? nameOfModel : (names.get(model) ?? model.name);
  };
}

/** Without the keys whose value is undefined, which would hide a default. */
function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
