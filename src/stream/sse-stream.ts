import { UnsubscriptionError, type Observable, type Subscription } from 'rxjs';
import { HEARTBEAT_FRAME, retryFrame } from '../event/encode';
import { ERROR_EVENT } from '../event/own-events';
import { SseError, SseFieldError, SseOverflowError, SseSourceError, SseValidationError } from '../event/sse.error';
import type { SseMessage } from '../event/sse-event';
import type { ClientResponse } from './client-response';
import { Demand } from './demand';
import { errorEnding, jitteredRetry, lastFrame } from './ending';
import { EventIds } from './event-ids';
import { isFrameSource, CONNECT_FRAMES, type FrameConnection, type FrameSink, type StreamState } from './frame-source';
import { FrameWriter, type FrameWriterEvents } from './frame-writer';
import { replacementOf } from './invalid-event';
import { isWorthLogging } from './late-error';
import type { LazyAbort } from './lazy-abort';
import {
  frameOfMessage,
  frameOfPiped,
  frameOfValue,
  throughPipe,
  toPipedSource,
  toValidMessages,
  type PipelineContext,
} from './pipeline';
import { pipedMessage } from './piped-message';
import type { PipedMessages } from './piped-source';
import { releaseSource, toObservable, type SourceReader } from './source';
import { SourceSubscriber, type FrameTaker } from './source-subscriber';
import type { SharedFrames } from './shared-frames';
import type { StreamCounters } from './stream-counters';
import type { StreamLog } from './stream-log';
import type { OnEnd, StreamOptions } from './stream-options';
import type { TimerWheel, WheelEntry } from './timer-wheel';

const OK = 200;
const NO_CONTENT = 204;

/** The other statuses that a route may answer with: those without a body. */
const BODILESS: ReadonlySet<number> = new Set([NO_CONTENT, 205, 304]);

/** What a stream needs of its application. */
export interface StreamHost {
  readonly wheel: TimerWheel;
  readonly log: StreamLog;
  readonly counters: StreamCounters;
  /** Milliseconds after which a client that is sent away shall reconnect: another number for each. */
  spreadRetry(): number;
}

/**
 * One client's stream, from the handler's source to the socket: owns the subscription to the source, the timers and the
 * response, and lets go of all of them at once, whichever side ends it.
 */
export class SseStream implements WheelEntry, FrameSink, FrameTaker, FrameWriterEvents, SourceReader {
  readonly demand = new Demand();
  private readonly writer: FrameWriter;
  private state: 'new' | 'opening' | 'open' | 'ending' | 'closed' = 'new';
  private opened: { resolve: (status?: number) => void; reject: (error: unknown) => void } | undefined;
  private openTimer: NodeJS.Timeout | undefined;
  /** `performance.now()` when the response was ended, which the client may not have read. */
  private endedAt: number | undefined;
  private hasLateError = false;
  /** A source that makes its frames itself. */
  private connection: FrameConnection | undefined;
  /** Any other. */
  private subscription: Subscription | undefined;
  /** What the developer's operators get. */
  private piped: PipedMessages | undefined;

  constructor(
    private readonly client: ClientResponse,
    private readonly abort: LazyAbort,
    private readonly options: StreamOptions,
    readonly handler: string,
    private readonly host: StreamHost,
    /** The framework's request. */
    private readonly request: unknown,
  ) {
    this.writer = new FrameWriter(client, this.demand, options.overflow.maxBytes, host.counters, this);
  }

  /** Whether it is open, or was until its end began. */
  get isOpen(): boolean {
    return this.state === 'open' || this.state === 'ending';
  }

  /** Whether its source can bring events just now. */
  get sourceState(): StreamState {
    return this.connection?.state ?? 'live';
  }

  /**
   * Starts the source. The headers are sent with the first event, at the end of an empty source, or after `openAfter`.
   *
   * @param source `null` for no stream.
   * @returns when the stream is open, or was ended before; or the status to answer with where there is nothing to stream.
   * @throws what the source throws before that.
   */
  open(source: unknown): Promise<number | undefined> {
    const { openAfter } = this.options;
    return new Promise((resolve, reject) => {
      if (this.state !== 'new') {
        // Over while the handler still prepared its source.
        releaseSource(source, this);
        resolve(undefined);
        return;
      }
      this.state = 'opening';
      this.opened = { resolve, reject };
      this.openTimer = setTimeout(() => this.openUnasked(), openAfter);
      this.guarded(() => this.connect(source));
    });
  }

  /**
   * Ends the stream from the server's side. One that is not open yet is opened for it: to any status but 200 `EventSource`
   * would never reconnect.
   *
   * @param retry milliseconds that the client of `'reconnect'` shall wait, in the place of a jittered time.
   */
  close(onEnd: OnEnd = 'reconnect', retry: number = jitteredRetry(this.options)): void {
    // Before anything is done: an end that cannot be sent ends nothing.
    lastFrame(onEnd, this.client.request, retry);
    if (this.state === 'new') {
      this.state = 'opening';
    }
    if (this.state === 'opening') {
      this.guarded(() => this.openResponse());
    }
    if (this.state === 'open') {
      this.end(onEnd, retry);
    }
  }

  /** Gives the response up with whatever waits. */
  destroy(): void {
    this.client.destroy();
    this.onOver();
  }

  /** The response is over, sent to its end or not: everything is released. */
  onOver(): void {
    if (this.state === 'closed') {
      return;
    }
    this.state = 'closed';
    this.release();
    this.host.wheel.remove(this);
    this.writer.discard();
    this.opened?.resolve();
    this.opened = undefined;
  }

  onTick(now: number): number {
    const { heartbeat, overflow } = this.options;
    // An ended response has this time as a whole, whether or not a write was blocked before.
    const blockedSince = this.endedAt ?? this.writer.blockedSince;
    if (blockedSince !== undefined) {
      const blocked = now - blockedSince;
      if (blocked >= overflow.timeout) {
        this.giveUp(`the client has not read for ${Math.round(blocked)} ms (overflow.timeout ${overflow.timeout})`);
      }
      return overflow.timeout - blocked;
    }
    if (heartbeat === false || this.state !== 'open') {
      return overflow.timeout;
    }
    const idle = now - this.writer.lastWrite;
    if (idle < heartbeat) {
      return Math.min(heartbeat - idle, overflow.timeout);
    }
    this.writer.write(HEARTBEAT_FRAME);
    return Math.min(heartbeat, overflow.timeout);
  }

  write(frame: string): void {
    if (frame === '') {
      return;
    }
    // Not `guarded`: a function for each event would be felt.
    try {
      this.start(true);
      if (this.state === 'open') {
        this.host.counters.delivered++;
        this.writer.write(frame);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  writeShared(frames: SharedFrames): void {
    try {
      if (this.state !== 'open') {
        this.start(true);
      }
      if (this.state === 'open') {
        this.host.counters.delivered += frames.events;
        this.writer.writeShared(frames);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  complete(): void {
    this.guarded(() => {
      this.start();
      if (this.state === 'open') {
        this.end(this.options.onEnd);
      }
    });
  }

  fail(error: unknown): void {
    if (this.state === 'opening') {
      this.reject(error);
      return;
    }
    if (this.state !== 'open') {
      this.onLateError(error);
      return;
    }
    try {
      this.endWithError(error);
    } catch (cause) {
      // Whatever the error or a hook does: it costs its own stream, and nothing else.
      this.host.log.failed(this.handler, 'the stream could not be ended', cause);
      this.destroy();
    }
  }

  private endWithError(error: unknown): void {
    if (error instanceof SseOverflowError) {
      this.giveUp(error.message);
      return;
    }
    if (isUnavailable(error)) {
      // Nothing is wrong with the stream: to a client that comes back it goes on where it was.
      this.host.log.unavailable(this.handler, error);
      this.end('reconnect', this.host.spreadRetry());
      return;
    }
    this.host.log.failed(this.handler, 'the stream ended with an error', error);
    const { frame, onEnd, failure } = errorEnding(error, this.options, this.request);
    if (failure) {
      this.host.log.failed(this.handler, `onError failed, so the client gets ${ERROR_EVENT}`, failure.cause);
    }
    this.writer.write(frame);
    this.end(onEnd);
  }

  /** Data that the schema let through and that cannot be written are invalid, too. */
  refuse(cause: unknown, value: unknown, ids: EventIds): boolean {
    const { onInvalid, pipe, validate } = this.options;
    if (!validate || onInvalid === 'error' || !(cause instanceof SseFieldError) || cause.field !== 'data') {
      return false;
    }
    this.guarded(() => {
      const message = pipe ? pipedMessage(value) : (value as SseMessage);
      const error = new SseValidationError([{ path: [], message: cause.message }], message.event, { cause });
      const replacement = replacementOf(error, message, onInvalid);
      if (replacement === undefined) {
        this.drop(error);
      } else {
        this.write(frameOfMessage(replacement, this.options, ids));
      }
    });
    return true;
  }

  /** Logs once what the source, or the handler that prepared it, threw when nobody waited for it any more. */
  onLateError(error: unknown): void {
    if (!this.hasLateError && isWorthLogging(error)) {
      this.hasLateError = true;
      this.host.log.failed(this.handler, 'the source failed after its stream had ended', error);
    }
  }

  /** Logs what the developer's own teardowns throw: nobody else is left to be told. */
  onReleaseError(error: unknown): void {
    for (const cause of error instanceof UnsubscriptionError ? (error.errors as unknown[]) : [error]) {
      this.host.log.failed(this.handler, 'the source failed while it was released', cause);
    }
  }

  onWriteError(error: unknown): void {
    this.host.log.failed(this.handler, 'the response cannot be written to', error);
    this.destroy();
  }

  /** More waits for a client that does not read than it may. */
  onOverflow(waiting: number): void {
    const { maxBytes } = this.options.overflow;
    this.giveUp(`${waiting} bytes wait for a client that does not read (overflow.maxBytes ${maxBytes})`);
  }

  private connect(source: unknown): void {
    const { demand, options } = this;
    const { pipe, validate } = options;
    if (source === null) {
      this.decline();
      return;
    }
    if (isFrameSource(source)) {
      if (!pipe) {
        this.hold(source[CONNECT_FRAMES](this));
        return;
      }
      const events = source[Symbol.asyncIterator]();
      this.hold(events);
      source = events;
    }
    const ids = new EventIds(options.eventId);
    const values$ = toObservable(source, this);
    if (!pipe && !validate) {
      this.subscribe(values$, frameOfValue, ids);
      return;
    }
    const context: PipelineContext = {
      options,
      demand,
      onDropped: (error) => this.drop(error),
      onNestMessage: options.onNestMessage,
      onThrown: ({ cause }) =>
        this.host.log.failed(this.handler, 'the schema threw an error, so the event is invalid', cause),
      onReleaseError: (error) => this.onReleaseError(error),
    };
    if (pipe) {
      this.piped = toPipedSource(values$, ids, context, () => releaseSource(source, this));
      this.subscribe(throughPipe(this.piped.messages$, pipe, this.request), frameOfPiped, ids);
    } else if (validate) {
      this.subscribe(toValidMessages(values$, validate, context), frameOfMessage, ids);
    }
  }

  private drop(error: SseValidationError): void {
    this.host.counters.dropped++;
    this.host.log.dropped(this.handler, error);
  }

  private hold(connection: FrameConnection): void {
    this.connection = connection;
    if (this.state === 'ending' || this.state === 'closed') {
      // It was at its end at once.
      connection.disconnect();
    }
  }

  private subscribe<T>(
    values$: Observable<T>,
    frameOf: (value: T, options: StreamOptions, ids: EventIds) => string,
    ids: EventIds,
  ): void {
    const subscriber = new SourceSubscriber(this, frameOf, this.options, ids);
    // Before it subscribes: a source that gives everything at once may be ended while it does.
    this.subscription = subscriber;
    values$.subscribe(subscriber);
  }

  /** Opens the stream before its first event. One that may be answered without a body waits for its event, or its end. */
  private openUnasked(): void {
    if (!BODILESS.has(this.client.status)) {
      this.guarded(() => this.start());
    }
  }

  /**
   * Opens the stream, if it is not open yet.
   *
   * @param hasEvent whether an event is about to be written.
   */
  private start(hasEvent = false): void {
    if (this.state !== 'opening') {
      return;
    }
    if (this.client.status !== OK && this.client.isUntouched) {
      this.decline(hasEvent);
      return;
    }
    this.openResponse();
  }

  /**
   * Leaves the response to its framework, with a status that has no body: 204, or what the handler or an interceptor has set.
   *
   * @throws SseSourceError when that status has a body, which a stream cannot be, or when there is an event for it.
   */
  private decline(hasEvent = false): void {
    const status = this.client.status === OK ? NO_CONTENT : this.client.status;
    if (hasEvent || !BODILESS.has(status)) {
      throw new SseSourceError(
        `${this.handler} has the status ${status}, which the handler or an interceptor has set, and the status of a stream ` +
          'is 200. Leave the status as it is; throw an HttpException for an error; return null for 204 No Content',
      );
    }
    const { opened } = this;
    this.opened = undefined;
    this.state = 'closed';
    this.release();
    opened?.resolve(status);
  }

  private openResponse(): void {
    clearTimeout(this.openTimer);
    this.openTimer = undefined;
    if (!this.client.isUntouched) {
      // An interceptor's timeout or a filter answered in the meantime, or the client left.
      this.onOver();
      return;
    }
    const { headers, heartbeat, overflow, retry } = this.options;
    const firstFrame = retry === undefined ? '' : retryFrame(retry);
    this.writer.open(headers);
    this.state = 'open';
    this.host.counters.opened++;
    this.opened?.resolve();
    this.opened = undefined;
    if (this.client.request.method === 'HEAD') {
      this.end('nothing');
      return;
    }
    this.writer.write(firstFrame);
    this.host.wheel.add(this, Math.min(heartbeat || overflow.timeout, overflow.timeout));
  }

  /** The source is done with; what was written goes out. The response's end calls `onOver`. */
  private end(onEnd: OnEnd, retry?: number): void {
    const frame = lastFrame(onEnd, this.client.request, retry ?? jitteredRetry(this.options));
    this.state = 'ending';
    this.release();
    try {
      this.writer.write(frame);
      this.writer.end();
    } catch (error) {
      this.onWriteError(error);
      return;
    }
    if (this.state === 'ending') {
      this.endedAt = performance.now();
      this.host.wheel.add(this, this.options.overflow.timeout);
    }
  }

  /** Nothing was sent: the error goes to Nest's exception filters. */
  private reject(error: unknown): void {
    const opened = this.opened;
    this.opened = undefined;
    this.state = 'closed';
    this.release();
    if (opened) {
      opened.reject(error);
    } else {
      this.onLateError(error);
    }
  }

  private giveUp(reason: string): void {
    this.host.counters.overflowed++;
    this.host.log.overflowed(this.handler, reason);
    this.destroy();
  }

  /** Ends the source: its signal first, so that a wait inside it ends and its `finally` can run. */
  private release(): void {
    clearTimeout(this.openTimer);
    this.openTimer = undefined;
    this.abort.abort();
    this.connection?.disconnect();
    this.piped?.stop();
    this.subscription?.unsubscribe();
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }
}

/** Whether what was to be streamed is temporarily unavailable: `SseUnavailableError`, or one of another copy of the package. */
export function isUnavailable(error: unknown): error is SseError {
  return error instanceof Error && (error as Partial<SseError>).code === 'SSE_UNAVAILABLE';
}
