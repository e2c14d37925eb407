import { RequestMethod } from '@nestjs/common';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { endFrame, type SseEndEvent } from '../event/end-frame';
import { messageOf } from '../event/error-text';
import { quoted, show } from '../event/printable';
import { SseConfigurationError, SsePackageMissingError } from '../event/sse.error';
import { unknownOption } from '../event/unknown-option';
import type { HistoryBounds } from '../channel/backplane';
import type { SseChannelOptions } from '../channel/channel-definition';
import type { SseHeaders } from '../stream/response-headers';
import type { OnEnd, StreamOptions } from '../stream/stream-options';
import { TIMER_STEP } from '../stream/timer-wheel';
import type { SseModuleOptions, SseRouteOptions, SseShutdownOptions, SseStreamOptions } from './options';

type Check = readonly [test: (value: unknown) => boolean, rule: string];

const isWhole = (value: unknown, from: number): boolean => Number.isSafeInteger(value) && (value as number) >= from;
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const MILLISECONDS: Check = [(value) => isWhole(value, 0), 'a whole number of milliseconds from 0'];

const EXTRANEOUS: Check = [
  (value) => value === 'strip' || value === 'keep' || value === 'refuse',
  "'strip', 'keep' or 'refuse'",
];
const VALIDATION_TIMEOUT: Check = [(value) => isWhole(value, 1), 'a whole number of milliseconds from 1'];

const STREAM_CHECKS: Readonly<Record<keyof SseStreamOptions, Check>> = {
  format: [(value) => value === 'json' || value === 'text', "'json' or 'text'"],
  headers: [isObject, 'an object of header values by name'],
  heartbeat: [
    (value) => value === false || isWhole(value, TIMER_STEP),
    `false, or a whole number of milliseconds from ${TIMER_STEP}`,
  ],
  onInvalid: [(value) => value === 'error' || value === 'drop' || isFunction(value), "'error', 'drop' or a function"],
  onEnd: [
    (value) => ['stop', 'reconnect', 'nothing'].includes(value as string) || isEndEvent(value),
    "'stop', 'reconnect', 'nothing' or an event: { event: 'done' }, { data: … } or { raw: '[DONE]' }",
  ],
  onError: [
    (value) => value === 'reconnect' || value === 'stop' || isFunction(value),
    "'reconnect', 'stop' or a function",
  ],
  extraneous: EXTRANEOUS,
  validationTimeout: VALIDATION_TIMEOUT,
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

const BACKPLANE: Check = [
  (value) =>
    isObject(value) &&
    ['start', 'publish', 'subscribe', 'close'].every((name) => isFunction((value as Record<string, unknown>)[name])),
  'a backplane, for example memoryBackplane()',
];

const CHANNEL_CHECKS: Readonly<Record<keyof SseChannelOptions, Check>> = {
  name: [
    (value) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value),
    '1 to 64 letters, digits, "_", "." or "-"',
  ],
  schema: [() => true, ''],
  history: [isObject, 'an object'],
  serializerOptions: [isObject, 'an object'],
  extraneous: EXTRANEOUS,
  validationTimeout: VALIDATION_TIMEOUT,
};

const HISTORY_CHECKS: Readonly<Record<keyof HistoryBounds, Check>> = {
  maxEvents: [(value) => isWhole(value, 0), 'a whole number from 0'],
  maxBytes: [(value) => isWhole(value, 0), 'a whole number of bytes from 0'],
  maxAge: [(value) => isWhole(value, 1), 'a whole number of milliseconds from 1'],
};

const MODULE_CHECKS: Readonly<Record<keyof SseModuleOptions, Check>> = {
  ...STREAM_CHECKS,
  backplane: BACKPLANE,
  shutdown: [isObject, 'an object'],
};

/** @throws SseConfigurationError when an option of the module is unknown or cannot work. */
export function checkModuleOptions(options: SseModuleOptions): void {
  checkStream(options, MODULE_CHECKS, 'SseModule.forRoot()');
  check(options.shutdown ?? {}, SHUTDOWN_CHECKS, 'SseModule.forRoot() shutdown');
}

/** @throws SseConfigurationError when an option of the route is unknown or cannot work. */
export function checkRouteOptions(route: SseRouteOptions, where: string): void {
  checkStream(route, ROUTE_CHECKS, where);
}

/** @throws SseConfigurationError when an option of the channel is missing, unknown or cannot work. */
export function checkChannelOptions(channel: SseChannelOptions): void {
  const where = 'SseModule.forFeature()';
  check(channel, CHANNEL_CHECKS, where);
  // A name that is missing is checked as one that is wrong.
  check({ name: channel.name ?? null }, CHANNEL_CHECKS, where);
  check(channel.history ?? {}, HISTORY_CHECKS, `${where} channel "${channel.name}" history`);
}

/** @throws SseConfigurationError when they are no object of names and values that HTTP allows. */
export function checkHeaders(headers: SseHeaders | undefined, where: string): void {
  check({ headers }, { headers: STREAM_CHECKS.headers }, where);
  for (const [name, value] of Object.entries(headers ?? {})) {
    explained(where, () => {
      validateHeaderName(name);
      if (value !== undefined) {
        if (![value].flat().every((one) => typeof one === 'string' || typeof one === 'number')) {
          throw new Error(`the header ${quoted(name)} must be a string, a number or a list of strings`);
        }
        validateHeaderValue(name, value as string);
      }
    });
  }
}

/** @throws SseConfigurationError when a stream cannot end like this. */
export function checkOnEnd(onEnd: OnEnd | undefined, where: string): void {
  if (typeof onEnd === 'object' && onEnd !== null) {
    // It names the field that cannot be sent.
    explained(`${where}: onEnd`, () => endFrame(onEnd));
  }
  check({ onEnd }, { onEnd: STREAM_CHECKS.onEnd }, where);
}

/** Says where an error of the configuration was made. */
export function explained<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SsePackageMissingError) {
      throw cause;
    }
    throw new SseConfigurationError(`${where}: ${messageOf(cause)}`, { cause });
  }
}

function checkStream(options: SseStreamOptions, checks: Readonly<Record<string, Check>>, where: string): void {
  check(options, checks, where);
  check(options.overflow ?? {}, OVERFLOW_CHECKS, `${where} overflow`);
  checkHeaders(options.headers, where);
}

function check(options: object, checks: Readonly<Record<string, Check>>, where: string): void {
  if (!isObject(options)) {
    throw new SseConfigurationError(`${where} must be an object of options, not ${show(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!rule) {
      throw new SseConfigurationError(`${where}: ${unknownOption(name, Object.keys(checks))}`);
    }
    if (value !== undefined && !rule[0](value)) {
      throw new SseConfigurationError(`${where}: ${name} must be ${rule[1]}, not ${show(value)}`);
    }
  }
}

function isEndEvent(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value as object).some((key) => !['event', 'data', 'raw'].includes(key))) {
    return false;
  }
  const { event, data, raw } = value as SseEndEvent;
  try {
    endFrame({ event, data, raw });
    return event !== '' && (data === undefined || raw === undefined);
  } catch {
    return false;
  }
}
