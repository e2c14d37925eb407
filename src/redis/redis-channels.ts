import type { RedisClient, RedisListener } from './redis-client';

/** Most channels that one command names. */
const CHANNELS_AT_ONCE = 1_000;

/**
 * What one connection listens to. A channel has one command under way at a time: the client of `redis` removes a listener when
 * the answer to UNSUBSCRIBE comes, and takes a channel that was left and joined twice meanwhile for one that is listened to.
 */
export class RedisChannels {
  private readonly wanted = new Set<string>();
  private readonly joined = new Set<string>();
  private readonly changing = new Map<string, Promise<void>>();

  constructor(
    private readonly client: RedisClient,
    private readonly onMessage: RedisListener,
  ) {}

  /** Joins those with which a connection begins. */
  async joinAll(channels: readonly string[]): Promise<void> {
    for (let from = 0; from < channels.length; from += CHANNELS_AT_ONCE) {
      const some = channels.slice(from, from + CHANNELS_AT_ONCE);
      await this.client.subscribe(some, this.onMessage);
      for (const channel of some) {
        this.wanted.add(channel);
        this.joined.add(channel);
      }
    }
  }

  /** Settles when what is published to the channel from then on comes. */
  join(channel: string): Promise<void> {
    this.wanted.add(channel);
    return this.change(channel);
  }

  leave(channel: string): void {
    this.wanted.delete(channel);
    // If it fails, the connection is broken, and everything is listened to anew.
    this.change(channel).catch(() => undefined);
  }

  /** Brings the channel to where it was wanted last. */
  private change(channel: string): Promise<void> {
    const { wanted, joined, changing } = this;
    if (!changing.has(channel) && wanted.has(channel) !== joined.has(channel)) {
      changing.set(channel, this.settle(channel));
    }
    return changing.get(channel) ?? Promise.resolve();
  }

  private async settle(channel: string): Promise<void> {
    const { client, wanted, joined, onMessage } = this;
    try {
      while (wanted.has(channel) !== joined.has(channel)) {
        if (wanted.has(channel)) {
          await client.subscribe(channel, onMessage);
          joined.add(channel);
        } else {
          await client.unsubscribe(channel, onMessage);
          joined.delete(channel);
        }
      }
    } finally {
      // At once: whoever joins after the last look needs another one.
      this.changing.delete(channel);
    }
  }
}
