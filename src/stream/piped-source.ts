import { Observable, type Subscriber } from 'rxjs';
import type { SseMessage } from '../event/sse-event';
import { GuardedSubscriber } from './guarded-subscriber';

/** What the developer's operators get. They may keep it though nobody subscribes to them any more, so it ends with its stream. */
export interface PipedMessages {
  readonly messages$: Observable<SseMessage>;
  /** Completes it. */
  stop(): void;
}

/** @typeParam T what the source gives. */
interface PipedSourceOptions<T> {
  readonly values$: Observable<T>;
  /** Makes what the operators get of a value. */
  readonly messageOf: (value: T) => SseMessage;
  /** Takes what teardowns of the source, and of operators whose source has ended, threw. */
  readonly onReleaseError: (error: unknown) => void;
  /** Releases a source that was never subscribed to. */
  readonly releaseUnread: () => void;
}

/** @typeParam T what the source gives. */
export class PipedSource<T> implements PipedMessages {
  readonly messages$ = new Observable<SseMessage>((subscriber) => this.connect(subscriber));
  private readonly open = new Set<PipedSubscriber<T>>();
  private isRead = false;
  private isStopped = false;

  constructor(readonly options: PipedSourceOptions<T>) {}

  stop(): void {
    if (this.isStopped) {
      return;
    }
    this.isStopped = true;
    if (!this.isRead) {
      this.options.releaseUnread();
    }
    for (const subscriber of this.open) {
      subscriber.complete();
    }
  }

  delete(subscriber: PipedSubscriber<T>): void {
    this.open.delete(subscriber);
  }

  private connect(target: Subscriber<SseMessage>): void {
    if (this.isStopped) {
      // `repeat()` would subscribe for ever to what completes at once.
      return;
    }
    this.isRead = true;
    const subscriber = new PipedSubscriber(target, this);
    this.open.add(subscriber);
    target.add(subscriber);
    subscriber.connect(this.options.values$);
  }
}

class PipedSubscriber<T> extends GuardedSubscriber<T> {
  private isConnecting = true;

  constructor(
    private readonly target: Subscriber<SseMessage>,
    private readonly source: PipedSource<T>,
  ) {
    super();
  }

  connect(values$: Observable<T>): void {
    values$.subscribe(this);
    this.isConnecting = false;
  }

  override unsubscribe(): void {
    super.unsubscribe();
    this.source.delete(this);
  }

  protected override onReleaseError(error: unknown): void {
    this.source.options.onReleaseError(error);
  }

  protected override _next(value: T): void {
    let message: SseMessage;
    try {
      message = this.source.options.messageOf(value);
    } catch (error) {
      this.error(error);
      return;
    }
    this.target.next(message);
  }

  protected override _error(error: unknown): void {
    this.finish(() => this.target.error(error));
  }

  protected override _complete(): void {
    this.finish(() => this.target.complete());
  }

  private finish(how: () => void): void {
    if (this.isConnecting) {
      // RxJS drops what a `finalize()` throws at an end that comes before its operator is ready.
      this.unsubscribe();
      queueMicrotask(() => this.end(how));
      return;
    }
    this.end(how);
    this.unsubscribe();
  }

  private end(how: () => void): void {
    if (this.target.closed) {
      return;
    }
    try {
      how();
    } catch (error) {
      // Of operators that are at their end though what follows them is not.
      this.onReleaseError(error);
    }
  }
}
