import { checkOnEnd } from '../config/check-options';
import { refusePromise } from '../event/refuse-promise';
import { SseSourceError } from '../event/sse.error';
import { newStreamCounters, type SseStreamCounts } from '../stream/stream-counters';
import type { OnEnd } from '../stream/stream-options';

const PREDICATE = 'The predicate of SseConnections.close()';

/** One open stream, as the application sees it. */
export interface SseConnection {
  /** The framework's request: Express's, or Fastify's. Guards leave the user there. */
  readonly request: unknown;
  /** The controller and the method, for example `StockPricesView.events`. */
  readonly handler: string;
  /** What the client sent as `Last-Event-ID`: at most 1,024 characters of it. */
  readonly lastEventId: string | undefined;
  /** When the request came. */
  readonly openedAt: Date;
  /**
   * `stale` while the engine of its channel's backplane is away: the stream stays open, and gets what it missed when the
   * engine is back. Every other stream is `live`, and so is one that reads a channel in a loop of its own.
   */
  readonly state: 'live' | 'stale';
  /** Aborts when the stream is over. */
  readonly signal: AbortSignal;
  /**
   * Ends the stream. Its client reconnects after the view's `retry` (or 3 seconds), up to doubled at random, passes the guards
   * again, and resumes from its last id.
   *
   * @param onEnd as the option of a route: `'stop'`, for example, tells `EventSource` not to reconnect.
   * @default 'reconnect'
   * @throws SseConfigurationError when `onEnd` is not valid, or its event cannot be sent. The stream goes on then.
   */
  close(onEnd?: OnEnd): void;
}

/** What the application's shutdown may do with a connection. @internal */
export interface OwnedConnection extends SseConnection {
  /** `close` with what is checked already. */
  end(onEnd: OnEnd | undefined): void;
  /** Ends the stream with the time after which the client shall reconnect. */
  shutDown(retry: number): void;
  /** Gives up what has not been sent. */
  destroy(): void;
}

/**
 * The streams of this process that are open now. Inject it to count them, to look at them, or to end some: those of a user
 * who logged out, for example.
 */
export class SseConnections implements Iterable<SseConnection> {
  /** @internal */
  readonly counters = newStreamCounters();
  private readonly open = new Set<OwnedConnection>();
  private empty: (() => void)[] = [];

  /** How many there are. */
  get count(): number {
    return this.open.size;
  }

  /** How many of them are `stale`. Each is looked at, so ask for metrics, not for each request. */
  get stale(): number {
    let stale = 0;
    for (const { state } of this.open) {
      stale += state === 'stale' ? 1 : 0;
    }
    return stale;
  }

  /** What the streams of this process have done so far, for metrics. */
  get counts(): SseStreamCounts {
    return { ...this.counters };
  }

  [Symbol.iterator](): IterableIterator<SseConnection> {
    return this.open.values();
  }

  /**
   * Ends the streams that the predicate picks, all of them without one.
   *
   * @param onEnd as in `SseConnection.close()`.
   * @returns how many were ended.
   * @throws SseConfigurationError as `SseConnection.close()`; SseSourceError when the predicate returns anything but `true` or
   * `false`, a promise for example; and what the predicate throws. No stream is ended then.
   */
  close(predicate: (connection: SseConnection) => boolean = () => true, onEnd?: OnEnd): number {
    checkOnEnd(onEnd, 'SseConnections.close()');
    const picked = [...this.open].filter((connection) => isPicked(predicate, connection));
    for (const connection of picked) {
      connection.end(onEnd);
    }
    return picked.length;
  }

  /** @internal */
  add(connection: OwnedConnection): void {
    this.open.add(connection);
  }

  /** @internal */
  delete(connection: OwnedConnection): void {
    this.open.delete(connection);
    if (this.open.size === 0) {
      for (const resolve of this.empty.splice(0)) {
        resolve();
      }
    }
  }

  /** @internal Those that are open now. */
  owned(): OwnedConnection[] {
    return [...this.open];
  }

  /** @internal Settles when none is open. */
  whenEmpty(): Promise<void> {
    return this.open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.empty.push(resolve));
  }
}

/** `'yes'`, or what a forgotten `return` gives, would pick all streams or none. */
function isPicked(predicate: (connection: SseConnection) => boolean, connection: SseConnection): boolean {
  const picks: unknown = predicate(connection);
  refusePromise(picks, PREDICATE);
  if (typeof picks !== 'boolean') {
    throw new SseSourceError(
      `${PREDICATE} must return true or false, not ${picks === null ? 'null' : typeof picks}. No stream was ended`,
    );
  }
  return picks;
}
