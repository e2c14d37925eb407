import { BadRequestException, Inject } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { SubscribeFrom } from '../channel/backplane';
import type { SseChannelEvent } from '../channel/channel-event';
import { getChannelToken } from '../channel/inject-channel.decorator';
import { SseTopicError } from '../channel/names';
import type { SseChannel } from '../channel/sse-channel';
import { SseConfigurationError } from '../event/sse.error';
import type { SseSource, SseYield } from '../validation/yield-types';
import { ServerSentEventsView } from './server-sent-events.view';
import { TAKES_REQUEST } from './sse-route.handler';

/**
 * A whole route for a channel: a client gets what it missed since its last id, then each event as it is published.
 *
 * The static `channel` names the channel; its schema documents the route. `topic(request)` and `filter(request)` choose what
 * a client gets; guards run before, on each reconnect as well, and leave the user on the request.
 *
 * A client that comes without an id gets an event `start` with its position; one that may have missed events gets `gap`,
 * with `{ reason, from, position }` as data, before those that are left.
 *
 * @typeParam T the type of the events' data; `EventsOf<typeof schemas>` where the schema is a record by event name.
 *
 * @example
 * ```ts
 * @Controller('rooms/:room/messages')
 * @UseGuards(RoomGuard)
 * export class RoomMessagesView extends ChannelView<Message> {
 *   static readonly channel = 'rooms';
 *
 *   override topic({ params }: Request) {
 *     return params.room;
 *   }
 * }
 * ```
 */
export abstract class ChannelView<T = unknown> extends ServerSentEventsView<T> {
  @Inject(ModuleRef)
  private readonly moduleRef!: ModuleRef;

  private found: SseChannel<T> | undefined;

  /** The channel that the static `channel` names. */
  protected get channel(): SseChannel<T> {
    if (!this.found) {
      const { channel } = this.constructor as unknown as { readonly channel: string };
      this.found = this.moduleRef.get<SseChannel<T>>(getChannelToken(channel), { strict: false });
    }
    return this.found;
  }

  /** None: the ids of a channel's stream are positions, and any other would hide how far a client is. */
  override eventId(): undefined {
    return undefined;
  }

  /**
   * The stream: the topic of the request, after the client's last id, through the filter. One of the view's own may return
   * `this.channel.subscribe(…)` in its place, or yield from it.
   */
  events(...args: never[]): SseSource<T>;
  async events(request: unknown, after: string | undefined): Promise<AsyncIterable<SseYield<T>>> {
    const topic = await this.topic?.(request);
    const filter = await this.filter?.(request);
    try {
      return this.channel.subscribe({ after, from: this.from, topic, filter }) as unknown as AsyncIterable<SseYield<T>>;
    } catch (error) {
      if (error instanceof SseTopicError) {
        // The name came with the request.
        throw new BadRequestException(error.message, { cause: error });
      }
      // `from` or `filter` of this view: the stack would not name it.
      throw error instanceof SseConfigurationError
        ? new SseConfigurationError(`${this.constructor.name}: ${error.message}`, { cause: error })
        : error;
    }
  }
}

/** What a view may add. Declared apart from the class, so that a field, a getter or a method may implement it. */
export interface ChannelView<T = unknown> {
  /**
   * Where a client begins that has received nothing yet: with what is published from now on, or with the `oldest` event that
   * is retained. A field or a getter.
   *
   * @default 'tip'
   */
  readonly from?: SubscribeFrom | undefined;

  /**
   * The topic that a request subscribes to. An error here keeps its status; what cannot be a topic is answered `400`.
   *
   * @param request the framework's request: Express's, or Fastify's.
   * @default the channel's own topic
   */
  topic?(request: unknown): string | undefined | Promise<string | undefined>;

  /**
   * What a request gets of its topic: it returns a function that says yes or no to each event.
   *
   * @param request the framework's request: Express's, or Fastify's.
   * @default everything
   */
  filter?(request: unknown): EventFilterOf<T> | undefined | Promise<EventFilterOf<T> | undefined>;
}

type EventFilterOf<T> = (event: SseChannelEvent<T>) => boolean;

Object.assign(ChannelView.prototype.events, { [TAKES_REQUEST]: true });
