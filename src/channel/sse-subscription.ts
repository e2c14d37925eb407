import { CONNECT_FRAMES, type FrameConnection, type FrameSink } from '../stream/frame-source';
import type { SseSubscriptionEvent } from './channel-event';
import { FrameOutlet } from './frame-outlet';
import { Subscriber, type SubscriptionHost, type SubscriptionOptions } from './subscriber';
import { SubscriptionIterator } from './subscription-iterator';

/**
 * A subscription to a topic: return it from a handler, or iterate over it. Nothing happens before, and each use is a
 * subscription of its own.
 *
 * A stream that passes its events on gives no default id to events of its own, from the first one on: it would take the place of
 * the position that the client resumes from. One that sends events before that, and does not take `@LastEventId()`, needs the
 * option `eventId: () => undefined`.
 */
export class SseSubscription<T = unknown> implements AsyncIterable<SseSubscriptionEvent<T>> {
  /** @internal */
  constructor(
    private readonly host: SubscriptionHost,
    private readonly options: SubscriptionOptions,
  ) {}

  /**
   * The events, one by one. Ends when the signal aborts, when the loop is left, and with the application.
   *
   * A loop inside an async generator cannot be left while it waits: give `subscribe()` the signal of `@SseSignal()`. Without
   * a signal the position is given again (`start`) after each 15 seconds of silence, so that the generator gets a chance.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<SseSubscriptionEvent<T>, undefined> & FrameConnection {
    return new SubscriptionIterator(this.host, this.options) as unknown as AsyncIterableIterator<
      SseSubscriptionEvent<T>,
      undefined
    > &
      FrameConnection;
  }

  /** It is a `FrameSource`, too. @internal */
  [CONNECT_FRAMES](sink: FrameSink): FrameConnection {
    const { signal } = this.options;
    if (signal?.aborted) {
      sink.complete();
      return OVER;
    }
    const subscriber = new Subscriber(this.host.hub(), new FrameOutlet(sink), this.options, this.host.wheel);
    const connection = signal ? endedBy(signal, sink, subscriber) : subscriber;
    subscriber.start();
    return connection;
  }
}

const OVER: FrameConnection = { state: 'live', disconnect: () => {} };

/** The developer's own signal ends the subscription, and with it the stream. */
function endedBy(signal: AbortSignal, sink: FrameSink, subscriber: Subscriber): FrameConnection {
  const complete = (): void => sink.complete();
  signal.addEventListener('abort', complete, { once: true });
  return {
    get state() {
      return subscriber.state;
    },
    disconnect() {
      signal.removeEventListener('abort', complete);
      subscriber.disconnect();
    },
  };
}
