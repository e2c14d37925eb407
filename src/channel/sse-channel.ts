import type { Logger } from '@nestjs/common';
import { isPromiseLike } from '../event/is-promise-like';
import type { SseMessage } from '../event/sse-event';
import { SseValidationError, SseValidationTimeoutError } from '../event/sse.error';
import { isLikeNestMessage, NEST_MESSAGE_HINT } from '../event/nest-message';
import { quoted } from '../event/printable';
import { toMessage } from '../event/to-message';
import type { TimerWheel } from '../stream/timer-wheel';
import type { SsePublication } from '../validation/yield-types';
import type { ValidationResult } from '../validation/validate';
import type { Backplane } from './backplane';
import { newCounters, type SseChannelCounts } from './channel-counters';
import {
  checkPublishOptions,
  checkSubscribeOptions,
  type SsePublishOptions,
  type SseSubscribeOptions,
} from './call-options';
import type { ChannelDefinition } from './channel-definition';
import { MalformedEntries } from './malformed-entries';
import { checkKey, topicName } from './names';
import { encodePayload } from './payload';
import { SseSubscription } from './sse-subscription';
import type { EventFilter } from './subscriber';
import { TopicHub } from './topic-hub';
import { TopicTurns } from './topic-turns';

/** What `SseChannel.publish()` answers. */
export interface SsePublished {
  /** The event's position in its topic, which is its id on the wire. */
  readonly id: string;
  /** Whether the key was known already: the id is that of the first publication. */
  readonly duplicate: boolean;
}

/** What a channel needs of its application. */
export interface ChannelHost {
  readonly backplane: Backplane;
  readonly wheel: TimerWheel;
  readonly logger: Logger;
}

/**
 * Broadcast with history: what any service publishes reaches every subscriber of the topic, and a client that was away gets
 * what it missed, or is told that it cannot.
 *
 * @typeParam T the type of the events' data; `EventsOf<typeof schemas>` where the schema is a record by event name.
 *
 * @example
 * ```ts
 * constructor(@InjectChannel('notifications') private readonly notifications: SseChannel<Notification>) {}
 *
 * await this.notifications.publish({ event: 'notification', data: { message: 'Hello' } });
 * ```
 */
export class SseChannel<T = unknown> {
  /** The name that it was given. */
  readonly name: string;

  private readonly hubs = new Map<string, TopicHub>();
  private hasHinted = false;
  private readonly counters = newCounters();
  private readonly malformed: MalformedEntries;
  private readonly turns = new TopicTurns();

  /** @internal */
  constructor(
    private readonly definition: ChannelDefinition,
    private readonly host: ChannelHost,
  ) {
    this.name = definition.name;
    this.malformed = new MalformedEntries(this.name, host.logger);
  }

  /**
   * Validates and encodes an event, once, and appends it to its topic. Events of a topic reach all subscribers in the order
   * in which they were published, those of one process in the order of the calls.
   *
   * @param event the data, or data in an envelope (`{ event, data, comment }`). Its id is given by the channel.
   * @returns once the backplane has accepted the event, whoever receives it.
   * @throws SseValidationError when the data do not fit the schema or it throws (the `cause`), SseValidationTimeoutError when it
   * does not answer in time, SseFieldError when a field cannot be sent, SseTopicError, SseKeyError, SseConfigurationError when
   * there is no such option; SseUnavailableError, also when 1,000 publications to the topic wait for their validation already,
   * SseOutcomeUnknownError or SseClosedError of the backplane. But for SseOutcomeUnknownError nothing
   * was written.
   */
  async publish(event: SsePublication<T>, options: SsePublishOptions = {}): Promise<SsePublished> {
    checkPublishOptions(options, this.name);
    const topic = topicName(this.name, options.topic);
    checkKey(options.key);
    this.turns.check(topic);
    const message = toMessage(event);
    if (message.data === event && !this.definition.validate && !this.hasHinted && isLikeNestMessage(event)) {
      this.hasHinted = true;
      this.host.logger.warn(`The channel ${quoted(this.name)} is given ${NEST_MESSAGE_HINT}`);
    }
    const validation = this.validate(message);
    if (!isPromiseLike(validation) && this.turns.isFree(topic)) {
      return this.append(topic, encodeValid(message, validation), options.key);
    }
    return this.turns.take(topic, validation, (result) =>
      this.append(topic, encodeValid(message, result), options.key),
    );
  }

  /**
   * The events of a topic: those after `after` that are retained, exactly once and in order, then each one as it comes. Return
   * it from a handler, or iterate over it.
   *
   * @throws SseConfigurationError when an option is unknown or cannot work, SseTopicError when the topic cannot be one.
   */
  subscribe(options: SseSubscribeOptions<T> = {}): SseSubscription<T> {
    checkSubscribeOptions(options, this.name);
    const topic = topicName(this.name, options.topic);
    const { after, from = 'tip', filter, signal } = options;
    return new SseSubscription<T>(
      { wheel: this.host.wheel, hub: () => this.hub(topic) },
      { after, from, filter: filter as EventFilter | undefined, signal },
    );
  }

  /** What the channel has done in this process. */
  get counts(): SseChannelCounts {
    return { ...this.counters };
  }

  /**
   * `stale` while any of its topics that have subscribers in this process waits for the backplane's engine: streams stay open
   * meanwhile, and get what they missed when it is back.
   */
  get state(): 'live' | 'stale' {
    return [...this.hubs.values()].some(({ state }) => state === 'stale') ? 'stale' : 'live';
  }

  /** The topics that have subscribers in this process, each with their number; `undefined` is the channel's own topic. */
  *subscribers(): IterableIterator<[topic: string | undefined, subscribers: number]> {
    for (const [name, { subscribers }] of this.hubs) {
      yield [name === this.name ? undefined : name.slice(this.name.length + 1), subscribers];
    }
  }

  /** Writes to the log what was counted for it. @internal */
  flushLog(): void {
    this.malformed.flush();
  }

  private validate({ data, event }: SseMessage): ValidationResult | Promise<ValidationResult> {
    const { validate } = this.definition;
    return validate && data !== undefined ? validate(data, event) : { value: data };
  }

  private async append(topic: string, payload: string, key: string | undefined): Promise<SsePublished> {
    const { history } = this.definition;
    const { position, duplicate } = await this.host.backplane.publish(topic, payload, { key, history });
    this.counters[duplicate ? 'duplicates' : 'published']++;
    return { id: position, duplicate };
  }

  private hub(topic: string): TopicHub {
    let hub = this.hubs.get(topic);
    if (!hub) {
      const { backplane } = this.host;
      hub = new TopicHub(topic, {
        backplane,
        malformed: this.malformed,
        history: this.definition.history,
        counters: this.counters,
        onIdle: (idle) => {
          if (this.hubs.get(topic) === idle) {
            this.hubs.delete(topic);
          }
        },
      });
      this.hubs.set(topic, hub);
    }
    return hub;
  }
}

function encodeValid(message: SseMessage, result: ValidationResult): string {
  if (result.issues) {
    const { issues, cause } = result;
    throw cause instanceof SseValidationTimeoutError
      ? cause
      : new SseValidationError(issues, message.event, cause === undefined ? undefined : { cause });
  }
  return encodePayload({ ...message, data: result.value });
}
