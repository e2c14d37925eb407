import { Logger } from '@nestjs/common';
import { quoted } from '../event/printable';
import { SseConfigurationError } from '../event/sse.error';
import { TimerWheel } from '../stream/timer-wheel';
import type { Backplane } from './backplane';
import type { ChannelDefinition } from './channel-definition';
import { SseChannel, type ChannelHost } from './sse-channel';

/** The channels of one application, and the backplane that carries them. Inject it to look at all of them. */
export class SseChannels implements Iterable<SseChannel> {
  /** @internal */
  readonly wheel = new TimerWheel();

  private readonly channels = new Map<string, SseChannel>();

  private readonly host: ChannelHost;

  /** @internal */
  constructor(backplane: Backplane) {
    this.host = { backplane, wheel: this.wheel, logger: new Logger('SseChannel') };
  }

  [Symbol.iterator](): IterableIterator<SseChannel> {
    return this.channels.values();
  }

  /** `stale` while any channel is; see `SseChannel.state`. */
  get state(): 'live' | 'stale' {
    return [...this].some(({ state }) => state === 'stale') ? 'stale' : 'live';
  }

  /**
   * The channel of this name.
   *
   * @throws SseConfigurationError when there is none.
   */
  get<T = unknown>(name: string): SseChannel<T> {
    const channel = this.channels.get(name);
    if (!channel) {
      const names = [...this.channels.keys()].map((known) => `"${known}"`).join(', ');
      throw new SseConfigurationError(
        `There is no channel ${quoted(name)}. Channels are made by SseModule.forFeature([{ name: ${quoted(name)} }])` +
          (names === '' ? '' : `; there are ${names}`),
      );
    }
    return channel as SseChannel<T>;
  }

  /** @internal @throws SseConfigurationError when there is one of this name. */
  open(definition: ChannelDefinition): SseChannel {
    const { name } = definition;
    if (this.channels.has(name)) {
      throw new SseConfigurationError(
        `The channel "${name}" is made twice. Call SseModule.forFeature() for it once: channels can be injected everywhere`,
      );
    }
    const channel = new SseChannel(definition, this.host);
    this.channels.set(name, channel);
    return channel;
  }

  /** @internal */
  async onModuleInit(): Promise<void> {
    await this.host.backplane.start();
  }

  /** The last of an application's hooks: its services may publish until then. @internal */
  async onApplicationShutdown(): Promise<void> {
    await this.host.backplane.close();
    for (const channel of this) {
      channel.flushLog();
    }
  }
}
