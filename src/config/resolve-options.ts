import { RequestMethod } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { SseConfigurationError } from '../event/sse.error';
import { classNameOf } from '../event/sse-event';
import type { SseHeaders } from '../stream/client-response';
import type { StreamOptions } from '../stream/stream-options';
import { compileSchema } from '../validation/compile-schema';
import { kindOfSchema, type SchemaKind } from '../validation/response-schema';
import type { SseModuleOptions, SseRouteOptions, SseShutdownOptions, SseStreamOptions } from './options';

/** The default of every option. */
const DEFAULTS = {
  format: 'json',
  headers: {},
  heartbeat: 15_000,
  onInvalid: 'error',
  onEnd: 'stop',
  openAfter: 100,
  overflow: { maxBytes: 1_048_576, policy: 'disconnect', timeout: 30_000 },
  typedEvents: false,
  eventId: () => randomUUID(),
} as const satisfies SseStreamOptions;

const SHUTDOWN_DEFAULTS = { grace: 5_000, retry: 1_000 } as const satisfies SseShutdownOptions;

/** Shorter heartbeats than this are not kept: it is the step of the shared timer. */
const SHORTEST_HEARTBEAT = 50;

type Check = readonly [test: (value: unknown) => boolean, rule: string];

const isWhole = (value: unknown, from: number): boolean => Number.isSafeInteger(value) && (value as number) >= from;
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const MILLISECONDS: Check = [(value) => isWhole(value, 0), 'a whole number of milliseconds from 0'];

const STREAM_CHECKS: Readonly<Record<keyof SseStreamOptions, Check>> = {
  format: [(value) => value === 'json' || value === 'text', "'json' or 'text'"],
  headers: [isObject, 'an object of header values by name'],
  heartbeat: [
    (value) => value === false || isWhole(value, SHORTEST_HEARTBEAT),
    `false, or a whole number of milliseconds from ${SHORTEST_HEARTBEAT}`,
  ],
  onInvalid: [(value) => value === 'error' || value === 'drop' || isFunction(value), "'error', 'drop' or a function"],
  onEnd: [
    (value) =>
      value === 'stop' ||
      value === 'reconnect' ||
      (isObject(value) && isEventName((value as { event: unknown }).event)),
    "'stop', 'reconnect' or { event: 'name' }",
  ],
  openAfter: MILLISECONDS,
  overflow: [isObject, 'an object'],
  serializerOptions: [isObject, 'an object'],
  typedEvents: [(value) => typeof value === 'boolean', 'true or false'],
  eventId: [isFunction, 'a function'],
  retry: MILLISECONDS,
  pipe: [isFunction, 'a function'],
};

const ROUTE_CHECKS: Readonly<Record<keyof SseRouteOptions, Check>> = {
  ...STREAM_CHECKS,
  method: [
    (value) => isWhole(value, 0) && RequestMethod[value as number] !== undefined,
    'a RequestMethod of @nestjs/common',
  ],
  responseSchema: [() => true, ''],
};

const OVERFLOW_CHECKS: Readonly<Record<keyof StreamOptions['overflow'], Check>> = {
  maxBytes: [(value) => isWhole(value, 1), 'a whole number of bytes from 1'],
  policy: [(value) => value === 'disconnect', "'disconnect'"],
  timeout: [(value) => isWhole(value, 1), 'a whole number of milliseconds from 1'],
};

const SHUTDOWN_CHECKS: Readonly<Record<keyof SseShutdownOptions, Check>> = { grace: MILLISECONDS, retry: MILLISECONDS };

/** What a view says of its `events()`, beside the options of its decorator. */
export interface ViewDefaults {
  readonly responseSchema?: unknown;
  readonly headers?: SseHeaders;
  /** Names of the headers that `@Header()` sets on the method: as its own they win over those of the view and the module. */
  readonly decorated?: readonly string[];
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
} {
  const { shutdown = {}, ...stream } = options;
  checkStream(stream, STREAM_CHECKS, 'SseModule.forRoot()');
  check(shutdown, SHUTDOWN_CHECKS, 'SseModule.forRoot() shutdown');
  return { stream, shutdown: { ...SHUTDOWN_DEFAULTS, ...defined(shutdown) } };
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
  checkStream(route, ROUTE_CHECKS, where);
  check({ headers: view.headers }, { headers: STREAM_CHECKS.headers }, where);
  const merged = { ...DEFAULTS, ...defined(module), ...defined(route) };
  const inherited = without(mergeHeaders(module.headers, view.headers), view.decorated ?? []);
  const headers = mergeHeaders(inherited, route.headers);
  checkHeaders(headers, where);
  const schema = explained(where, () => {
    const given = route.responseSchema ?? view.responseSchema;
    return given === undefined ? undefined : kindOfSchema(given);
  });
  const nameOfModel = schema?.kind === 'class' ? schema.model.name : undefined;
  return {
    schema,
    own: { eventId: route.eventId, retry: route.retry, pipe: route.pipe },
    typedEvents: merged.typedEvents,
    stream: {
      format: merged.format,
      headers,
      heartbeat: merged.heartbeat,
      nameOfData: merged.typedEvents ? (data) => classNameOf(data) ?? nameOfModel : undefined,
      onEnd: merged.onEnd,
      onInvalid: merged.onInvalid,
      openAfter: merged.openAfter,
      overflow: { ...DEFAULTS.overflow, ...defined(module.overflow ?? {}), ...defined(route.overflow ?? {}) },
      validate: schema && compileSchema(schema, merged.serializerOptions),
      eventId: merged.eventId,
      pipe: merged.pipe,
      retry: merged.retry,
    },
  };
}

function checkStream(options: SseStreamOptions, checks: Readonly<Record<string, Check>>, where: string): void {
  check(options, checks, where);
  check(options.overflow ?? {}, OVERFLOW_CHECKS, `${where} overflow`);
  checkHeaders(options.headers ?? {}, where);
}

function check(options: object, checks: Readonly<Record<string, Check>>, where: string): void {
  if (!isObject(options)) {
    throw new SseConfigurationError(`${where} must be an object of options, not ${show(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!rule) {
      throw new SseConfigurationError(
        `${where}: there is no option "${name}". Options are ${Object.keys(checks).join(', ')}`,
      );
    }
    if (value !== undefined && !rule[0](value)) {
      throw new SseConfigurationError(`${where}: ${name} must be ${rule[1]}, not ${show(value)}`);
    }
  }
}

function checkHeaders(headers: SseHeaders, where: string): void {
  for (const [name, value] of Object.entries(headers)) {
    explained(where, () => {
      validateHeaderName(name);
      if (value !== undefined) {
        if (![value].flat().every((one) => typeof one === 'string' || typeof one === 'number')) {
          throw new Error(`the header ${name} must be a string, a number or a list of strings`);
        }
        validateHeaderValue(name, value as string);
      }
    });
  }
}

function explained<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new SseConfigurationError(`${where}: ${(cause as Error).message}`, { cause });
  }
}

function isEventName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !/[\r\n]/.test(value);
}

function show(value: unknown): string {
  return typeof value === 'string'
    ? `"${value}"`
    : typeof value === 'function'
      ? 'a function'
      : (JSON.stringify(value) ?? String(value));
}

/** Without the keys whose value is undefined, which would hide a default. */
function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function without(headers: SseHeaders, names: readonly string[]): SseHeaders {
  const left = new Set(names.map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !left.has(name.toLowerCase())));
}

/** Later ones win, whatever the case of their names. */
function mergeHeaders(...all: (SseHeaders | undefined)[]): SseHeaders {
  const final = new Map<string, [string, SseHeaders[string]]>();
  for (const [name, value] of all.flatMap((headers) => Object.entries(headers ?? {}))) {
    final.delete(name.toLowerCase());
    final.set(name.toLowerCase(), [name, value]);
  }
  return Object.fromEntries(final.values());
}
