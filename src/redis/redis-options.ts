import { show } from '../event/printable';
import { SseConfigurationError } from '../event/sse.error';
import { unknownOption } from '../event/unknown-option';
import { TIMER_STEP } from '../stream/timer-wheel';

/** A client of the package `redis`, as far as the backplane needs to know one of the application's own. */
export interface RedisClientTemplate {
  /** Makes another client with the same options. */
  // oxlint-disable-next-line typescript/no-explicit-any: what a client takes here depends on its own type parameters
  duplicate(overrides?: any): unknown;
}

/** Options of `redisBackplane()`. */
export interface RedisBackplaneOptions {
  /**
   * Where Redis is: `redis://[[username][:password]@][host][:port][/database]`, `rediss://…` for TLS, or `unix://…`.
   *
   * @default redis://localhost:6379
   */
  readonly url?: string | undefined;
  /**
   * What else the package `redis` takes in `createClient()`: `socket` with the options of TLS, `username`, `password`,
   * `credentialsProvider`, `database`, `name`, `RESP`. How it reconnects, queues and times out is the backplane's.
   *
   * @default {}
   */
  readonly clientOptions?: Readonly<Record<string, unknown>> | undefined;
  /**
   * A client of your own, instead of `url` and `clientOptions`: the backplane opens its two connections with
   * `client.duplicate()`. The client itself, connected or not, is neither used nor closed.
   */
  readonly client?: RedisClientTemplate | undefined;
  /**
   * How the names of all keys and Pub/Sub channels begin. Applications that share a Redis need one each, also where their
   * databases differ: Pub/Sub knows no databases. 1 to 64 letters, digits, `_`, `.`, `:` or `-`.
   *
   * @default 'sse'
   */
  readonly prefix?: string | undefined;
  /**
   * Milliseconds in which the key of a publication is recognised. Each takes about 200 bytes of Redis for that long. A whole
   * number from 1000.
   *
   * @default 120000
   */
  readonly dedupeWindow?: number | undefined;
  /**
   * Milliseconds that Redis has to answer: then a publication rejects with SseOutcomeUnknownError, and what has not begun yet
   * with SseUnavailableError. A whole number from 50.
   *
   * @default 5000
   */
  readonly commandTimeout?: number | undefined;
  /**
   * Milliseconds within which a connection is found that carries nothing any more, though neither side was told. Both are
   * asked for a sign of life twice in that time. A whole number from 100.
   *
   * @default 5000
   */
  readonly heartbeat?: number | undefined;
  /**
   * Milliseconds after its last publication after which Redis forgets a topic altogether. By default it keeps some 550 bytes
   * for each topic that was ever published to, without which it could not tell who has missed what. Who comes back after that time is
   * told `gap: reset`. Longer than every `history.maxAge`; a whole number from 60000.
   *
   * @default undefined: topics are never forgotten
   */
  readonly forgetAfter?: number | undefined;
}

/** The options, complete. */
export interface RedisSettings {
  readonly url: string | undefined;
  readonly clientOptions: Readonly<Record<string, unknown>>;
  readonly client: RedisClientTemplate | undefined;
  readonly prefix: string;
  readonly dedupeWindow: number;
  readonly commandTimeout: number;
  readonly heartbeat: number;
  readonly forgetAfter: number | undefined;
}

type Check = readonly [test: (value: unknown) => boolean, rule: string];

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const milliseconds = (from: number): Check => [
  (value) => Number.isSafeInteger(value) && (value as number) >= from && (value as number) < 2 ** 31,
  `a whole number of milliseconds from ${from}`,
];

const CHECKS: Readonly<Record<keyof RedisBackplaneOptions, Check>> = {
  url: [
    (value) =>
      typeof value === 'string' && (/^unix:\/\/./.test(value) || (/^rediss?:\/\//.test(value) && URL.canParse(value))),
    'a URL that begins with redis://, rediss:// or unix://',
  ],
  clientOptions: [isObject, 'an object, what createClient() of the package redis takes'],
  client: [
    (value) =>
      typeof (value as RedisClientTemplate | null)?.duplicate === 'function' &&
      typeof (value as { subscribe?: unknown }).subscribe === 'function' &&
      !('slots' in (value as object)),
    'a client of the package redis, made by createClient()',
  ],
  prefix: [
    (value) => typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value),
    '1 to 64 letters, digits, "_", ".", ":" or "-"',
  ],
  dedupeWindow: milliseconds(1_000),
  commandTimeout: milliseconds(TIMER_STEP),
  heartbeat: milliseconds(2 * TIMER_STEP),
  forgetAfter: milliseconds(60_000),
};

const WHERE = 'redisBackplane()';

/** @throws SseConfigurationError when an option is unknown or cannot work. */
export function resolveRedisOptions(options: RedisBackplaneOptions): RedisSettings {
  if (!isObject(options)) {
    throw new SseConfigurationError(`${WHERE} must be given an object of options, not ${show(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof RedisBackplaneOptions] : undefined;
    if (!check) {
      throw new SseConfigurationError(`${WHERE}: ${unknownOption(name, Object.keys(CHECKS))}`);
    }
    if (value !== undefined && !check[0](value)) {
      // The value itself may hold a password.
      const shown = name === 'url' || isObject(value) ? '' : `, not ${show(value)}`;
      throw new SseConfigurationError(`${WHERE}: ${name} must be ${check[1]}${shown}`);
    }
  }
  const { url, clientOptions, client } = options;
  if (client !== undefined && (url !== undefined || clientOptions !== undefined)) {
    throw new SseConfigurationError(`${WHERE}: a client has its own options; give it, or url and clientOptions`);
  }
  return {
    url,
    clientOptions: clientOptions ?? {},
    client,
    prefix: options.prefix ?? 'sse',
    dedupeWindow: options.dedupeWindow ?? 120_000,
    commandTimeout: options.commandTimeout ?? 5_000,
    heartbeat: options.heartbeat ?? 5_000,
    forgetAfter: options.forgetAfter,
  };
}
