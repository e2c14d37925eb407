import { RedisChannels } from './redis-channels';
import type { MakeRedisClient, RedisClient, RedisListener } from './redis-client';
import { isCrossSlot, isUnknownScript } from './redis-error';
import { epochKey, keysOf } from './redis-keys';
import { newLife } from './redis-position';
import { SCRIPTS, type RedisScript } from './redis-scripts';

/** What a session needs of its connection. */
export interface RedisSessionHost {
  readonly prefix: string;
  /** Milliseconds that it may take until it stands. */
  readonly timeout: number;
  /** Milliseconds within which a half-open connection is found. */
  readonly heartbeat: number;
  readonly onMessage: RedisListener;
  /** It is over. Called once. */
  onLost(error: Error): void;
}

/**
 * The two connections, one for commands and one that listens, from when both stand until either breaks. There is no half of a
 * session, and nothing of one goes over into the next.
 */
export class RedisSession {
  /** Names the life of Redis' data. */
  epoch = '';
  /** Names the topics' data that begin in this session. */
  readonly life = newLife();
  /** Whether keys of two topics cannot be in one call. */
  isSharded = false;
  /** Why it is over. */
  error: Error | undefined;

  private readonly commands: RedisClient;
  private readonly subscriber: RedisClient;
  private readonly channels: RedisChannels;
  private timer: NodeJS.Timeout | undefined;
  private isAnswered = true;

  constructor(
    make: MakeRedisClient,
    private readonly host: RedisSessionHost,
  ) {
    this.commands = make();
    this.subscriber = make();
    this.channels = new RedisChannels(this.subscriber, host.onMessage);
  }

  /** Connects. @param channels to listen to from the beginning. */
  async open(channels: readonly string[]): Promise<void> {
    const { timeout, heartbeat } = this.host;
    this.timer = setTimeout(() => this.lose(new Error(`No answer within ${timeout} ms`)), timeout);
    try {
      await Promise.all([this.commands, this.subscriber].map((client) => this.connect(client)));
      this.epoch = await this.beginEpoch();
      this.isSharded = await this.isRefusedTwoSlots();
      await Promise.all(SCRIPTS.map(({ source }) => this.send(['SCRIPT', 'LOAD', source])));
      await this.channels.joinAll(channels);
    } catch (error) {
      this.lose(error as Error);
    }
    clearTimeout(this.timer);
    if (this.error) {
      throw this.error;
    }
    this.timer = setInterval(() => this.beat(), Math.ceil(heartbeat / 2)).unref();
  }

  /** Runs a script. Those that are begun one after the other run in that order. */
  run<T>({ sha, source }: RedisScript, keys: readonly string[], args: readonly string[]): Promise<T> {
    return this.send<T>(['EVALSHA', sha, String(keys.length), ...keys, ...args]).then(undefined, (error: unknown) => {
      if (!isUnknownScript(error)) {
        throw error;
      }
      return this.send<T>(['EVAL', source, String(keys.length), ...keys, ...args]);
    });
  }

  send<T>(command: readonly string[]): Promise<T> {
    return this.error ? Promise.reject(this.error) : this.commands.sendCommand<T>(command);
  }

  /** Settles when what is published to the channel from then on comes. */
  async listen(channel: string): Promise<void> {
    if (this.error) {
      throw this.error;
    }
    const { timeout } = this.host;
    const timer = setTimeout(() => this.lose(new Error(`No answer within ${timeout} ms`)), timeout);
    try {
      await this.channels.join(channel);
    } finally {
      clearTimeout(timer);
    }
  }

  unlisten(channel: string): void {
    if (!this.error) {
      this.channels.leave(channel);
    }
  }

  /** Asks both connections for a sign of life. */
  async ping(): Promise<void> {
    const [epoch] = await Promise.all([
      this.send(['GET', epochKey(this.host.prefix)]),
      this.error ?? this.subscriber.sendCommand(['PING']),
    ]);
    if (epoch !== this.epoch) {
      this.lose(new Error('Redis has lost its data'));
    }
  }

  /** Ends the session, for good. */
  lose(error: Error): void {
    if (this.error) {
      return;
    }
    this.error = error;
    clearTimeout(this.timer);
    this.commands.destroy();
    this.subscriber.destroy();
    this.host.onLost(error);
  }

  private async connect(client: RedisClient): Promise<void> {
    client.on('error', (error) => this.lose(error));
    await client.connect();
    if (this.error) {
      // It was destroyed before it had a socket, and has one now.
      client.destroy();
      throw this.error;
    }
  }

  /** The epoch of what Redis holds, which begins here if it holds none. */
  private async beginEpoch(): Promise<string> {
    const key = epochKey(this.host.prefix);
    // Read first: a Redis that is short of memory can still be read.
    const epoch = await this.send<string | null>(['GET', key]);
    if (epoch !== null) {
      return epoch;
    }
    const begun = newLife();
    return (await this.send<string | null>(['SET', key, begun, 'NX', 'GET'])) ?? begun;
  }

  /** Tried rather than asked: a proxy before a cluster says that it is none. */
  private async isRefusedTwoSlots(): Promise<boolean> {
    const { prefix } = this.host;
    try {
      await this.send(['EVAL', 'return 1', '2', keysOf(prefix, '1').meta, keysOf(prefix, '2').meta]);
      return false;
    } catch (error) {
      if (isCrossSlot(error)) {
        return true;
      }
      throw error;
    }
  }

  private beat(): void {
    if (!this.isAnswered) {
      // What came while this process was busy is read before this is believed.
      setImmediate(() => setImmediate(() => !this.isAnswered && this.lose(new Error('No answer to the heartbeat'))));
      return;
    }
    this.isAnswered = false;
    this.ping().then(
      () => {
        this.isAnswered = true;
      },
      (error: Error) => this.lose(error),
    );
  }
}
