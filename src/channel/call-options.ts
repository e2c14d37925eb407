import { show } from '../event/printable';
import { SseConfigurationError } from '../event/sse.error';
import type { SubscribeFrom } from './backplane';
import type { SseChannelEvent } from './channel-event';

/** Options of `SseChannel.publish()`. */
export interface SsePublishOptions {
  /**
   * Names this publication, so that to repeat it after an error writes it once: another one with the same key in the same
   * topic is not written again, for as long as the backplane remembers (in memory, 2 minutes).
   */
  readonly key?: string | undefined;
  /**
   * The topic: a string of 1 to 256 characters, for example `user/42`. Topics need not be made; an idle one is released.
   *
   * @default the channel's own topic
   */
  readonly topic?: string | undefined;
}

/** Options of `SseChannel.subscribe()`. */
export interface SseSubscribeOptions<T = unknown> {
  /** The id that the client received last, from `@LastEventId()`. Any string: an invalid position gives `gap: invalid`. */
  readonly after?: string | undefined;
  /**
   * Where a client begins that has received nothing yet: with what is published from now on, or with the `oldest` event that
   * is retained.
   *
   * @default 'tip'
   */
  readonly from?: SubscribeFrom | undefined;
  /** @default the channel's own topic */
  readonly topic?: string | undefined;
  /**
   * Whether the subscriber gets an event: `true` or `false`, at once. Anything else, a promise above all, ends the subscription
   * with an error. Its position is kept up to date all the same.
   */
  readonly filter?: ((event: SseChannelEvent<T>) => boolean) | undefined;
  /** Ends the subscription: the signal of `@SseSignal()`. Needed where a generator iterates; see `SseSubscription`. */
  readonly signal?: AbortSignal | undefined;
}

type Check = readonly [test: (value: unknown) => boolean, rule: string];

/** What `topicName` and `checkKey` check has errors of its own: names often come with a request. */
const ANYTHING: Check = [() => true, ''];

const PUBLISH_CHECKS: Readonly<Record<keyof SsePublishOptions, Check>> = { key: ANYTHING, topic: ANYTHING };

const SUBSCRIBE_CHECKS: Readonly<Record<keyof SseSubscribeOptions, Check>> = {
  after: [(value) => typeof value === 'string', 'a string, the id that @LastEventId() gives'],
  from: [(value) => value === 'tip' || value === 'oldest', "'tip' or 'oldest'"],
  topic: ANYTHING,
  filter: [(value) => typeof value === 'function', 'a function that takes an event and returns true or false'],
  signal: [isAbortSignal, 'an AbortSignal, for example that of @SseSignal() or the signal of an AbortController'],
};

/** @throws SseConfigurationError when an option of `publish()` is unknown. */
export function checkPublishOptions(options: object, channel: string): void {
  check(options, PUBLISH_CHECKS, 'publish(event, options)', channel);
}

/** @throws SseConfigurationError when an option of `subscribe()` is unknown or cannot work. */
export function checkSubscribeOptions(options: object, channel: string): void {
  check(options, SUBSCRIBE_CHECKS, 'subscribe(options)', channel);
}

function check(options: object, checks: Readonly<Record<string, Check>>, call: string, channel: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw failure(channel, call, `the options must be an object, not ${shown(options)}`);
  }
  // For each event that is published: `for…in` makes no list of the names.
  for (const name in options) {
    const rule = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!rule) {
      const names = Object.keys(checks).join(', ');
      throw failure(channel, call, `there is no option ${shown(name)}. Options are ${names}`);
    }
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined && !rule[0](value)) {
      throw failure(channel, call, `${name} must be ${rule[1]}, not ${shown(value)}`);
    }
  }
}

function failure(channel: string, call: string, reason: string): SseConfigurationError {
  return new SseConfigurationError(`Channel "${channel}", ${call}: ${reason}`);
}

/** By what it can do: one of another realm is none by its class. */
function isAbortSignal(value: unknown): boolean {
  const signal = value as Partial<AbortSignal> | null;
  return (
    typeof signal === 'object' && typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function'
  );
}

/** Most characters of a value in a message. It may be a client's. */
const MAX_SHOWN = 40;

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'an array' : 'an object';
  }
  return show(value, MAX_SHOWN);
}
