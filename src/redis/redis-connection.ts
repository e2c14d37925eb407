import { Logger } from '@nestjs/common';
import { backoff } from '../channel/backoff';
import { SseClosedError, type SseUnavailableError } from '../channel/backplane.error';
import { messageOf } from '../event/error-text';
import { SseConfigurationError } from '../event/sse.error';
import { Deadlines } from './redis-deadlines';
import { redisClientMaker, type MakeRedisClient } from './redis-client';
import { isRefusal, isReply, isTemporary, outcomeUnknown, unavailable } from './redis-error';
import type { RedisSettings } from './redis-options';
import type { RedisScript } from './redis-scripts';
import { RedisSession } from './redis-session';

/** Milliseconds after which a session that breaks is a new outage, and not the one before. */
const STEADY = 1_000;

/** What a connection serves. */
export interface RedisConnectionHost {
  /** What to listen to. */
  channels(): string[];
  onMessage(message: string, channel: string): void;
  /** Looks after what may have happened meanwhile, before anything else is done in a session. */
  prepare(session: RedisSession): Promise<void>;
  onUp(): void;
  onDown(): void;
}

/** The way to Redis: a session at a time, and attempts to have another one when it breaks. */
export class RedisConnection {
  /** The session, while it can be used. */
  session: RedisSession | undefined;

  private readonly logger = new Logger('RedisBackplane');
  private readonly deadlines: Deadlines;
  private make: MakeRedisClient | undefined;
  private opening: RedisSession | undefined;
  private timer: NodeJS.Timeout | undefined;
  private attempt = 0;
  private since = 0;
  private error: Error | undefined;
  private isClosed = false;

  constructor(
    private readonly settings: RedisSettings,
    private readonly host: RedisConnectionHost,
  ) {
    this.deadlines = new Deadlines(settings.commandTimeout);
  }

  /**
   * Connects; where Redis is away, it goes on trying after this has settled.
   *
   * @throws SsePackageMissingError; SseConfigurationError when Redis does not accept the credentials.
   */
  async start(): Promise<void> {
    this.make = redisClientMaker(this.settings);
    try {
      await this.connect();
    } catch (cause) {
      throw new SseConfigurationError(`redisBackplane(): ${messageOf(cause)}`, { cause });
    }
    if (this.error && isRefusal(this.error)) {
      this.close();
      throw new SseConfigurationError(`redisBackplane(): Redis refuses: ${messageOf(this.error)}`, {
        cause: this.error,
      });
    }
  }

  /**
   * Runs a script at once, or rejects: nothing waits for better times.
   *
   * @throws SseUnavailableError when it was not run, SseOutcomeUnknownError when that cannot be known.
   */
  run<T>(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<T> {
    const { session } = this;
    if (!session) {
      return Promise.reject(this.unavailable());
    }
    return new Promise((resolve, reject) => {
      const deadline = this.deadlines.begin(() => reject(outcomeUnknown(this.late())));
      session.run<T>(script, keys, args).then(
        (reply) => {
          this.deadlines.done(deadline);
          resolve(reply);
        },
        (error: unknown) => {
          this.deadlines.done(deadline);
          reject(isReply(error) ? this.refused(session, error as Error) : outcomeUnknown(session.error ?? error));
        },
      );
    });
  }

  /** What it means that Redis has answered with this error: nothing was written. */
  refused(session: RedisSession, error: Error): SseUnavailableError {
    if (isTemporary(error)) {
      session.lose(error);
    }
    return unavailable(error);
  }

  /** Milliseconds that both connections take to answer. @throws SseUnavailableError */
  async ping(): Promise<number> {
    const { session } = this;
    if (!session) {
      throw this.unavailable();
    }
    const before = performance.now();
    try {
      await new Promise<void>((resolve, reject) => {
        const deadline = this.deadlines.begin(() => reject(this.late()));
        session
          .ping()
          .then(resolve, reject)
          .finally(() => this.deadlines.done(deadline));
      });
    } catch (error) {
      throw unavailable(session.error ?? error);
    }
    return performance.now() - before;
  }

  /** Why nothing can be done just now. */
  unavailable(): SseUnavailableError | SseClosedError {
    return this.isClosed ? new SseClosedError() : unavailable(this.error);
  }

  /** Ends the session and all attempts. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    (this.session ?? this.opening)?.lose(new SseClosedError());
  }

  private late(): Error {
    return new Error(`No answer within ${this.settings.commandTimeout} ms`);
  }

  private async connect(): Promise<void> {
    const { prefix, commandTimeout: timeout, heartbeat } = this.settings;
    const { host } = this;
    const session: RedisSession = new RedisSession(this.make!, {
      prefix,
      timeout,
      heartbeat,
      onMessage: (message, channel) => host.onMessage(message, channel),
      onLost: (error) => this.onLost(session, error),
    });
    this.opening = session;
    const channels = host.channels();
    try {
      await session.open(channels);
      await host.prepare(session);
    } catch (error) {
      session.lose(error as Error);
    }
    if (session.error) {
      return;
    }
    this.opening = undefined;
    this.session = session;
    this.since = performance.now();
    if (this.error) {
      this.error = undefined;
      this.logger.log('Redis is available again');
    }
    const wanted = new Set(host.channels());
    for (const channel of channels) {
      if (!wanted.has(channel)) {
        session.unlisten(channel);
      }
    }
    host.onUp();
  }

  private onLost(session: RedisSession, error: Error): void {
    const wasUp = this.session === session;
    this.session = undefined;
    this.opening = undefined;
    if (!this.isClosed) {
      if (!this.error) {
        this.logger.warn(`Redis is temporarily unavailable; the backplane retries: ${messageOf(error)}`);
      }
      this.attempt = wasUp && performance.now() - this.since >= STEADY ? 0 : this.attempt + 1;
      this.timer = setTimeout(() => void this.connect(), backoff(this.attempt));
    }
    this.error = error;
    if (wasUp) {
      this.host.onDown();
    }
  }
}
