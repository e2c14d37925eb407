import { SSE_ABORT_CONTROLLER } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { checkOnEnd } from '../config/check-options';
import { SseSourceError } from '../event/sse.error';
import { ClientResponse, type ResponseOwner } from '../stream/client-response';
import { LazyAbort, type AbortOwner } from '../stream/lazy-abort';
import type { SourceReader } from '../stream/source';
import { SseStream } from '../stream/sse-stream';
import type { OnEnd, StreamOptions } from '../stream/stream-options';
import { lastEventIdOf } from './last-event-id.decorator';
import type { OwnedConnection } from './sse-connections';
import type { RegisteredRoute, SseRuntime } from './sse.runtime';

/** Where a request carries its `SseRequest`. */
export const SSE_REQUEST = Symbol('SSE_REQUEST');

/** A framework's request, as far as it is used here. */
export interface CarriesSseRequest {
  readonly headers: Record<string, string | string[] | undefined>;
  [SSE_REQUEST]?: SseRequest | undefined;
  [SSE_ABORT_CONTROLLER]?: { readonly signal: AbortSignal } | undefined;
}

/**
 * How far a request is.
 *
 * - `waiting`: no stream is being prepared: guards, pipes and interceptors work.
 * - `starting`: the handler prepares a stream, or an answer in its place is about to open.
 * - `answered`: the response is a stream, or was answered in another way.
 * - `over`: the response is over.
 *
 * From `starting` it goes back to `waiting` when the stream could not open, or is abandoned: an interceptor may try again.
 */
type Phase = 'waiting' | 'starting' | 'answered' | 'over';

/** One request for a stream, from the guard to the end of its response. */
export class SseRequest implements OwnedConnection, ResponseOwner, AbortOwner {
  readonly lastEventId: string | undefined;
  handler = '';
  /** Whether the outermost interceptor watches already what the others give. */
  isWatched = false;
  /** Called once when the response is over. */
  whenOver: (() => void) | undefined;

  private readonly openedTime = Date.now();
  private readonly client: ClientResponse;
  /** Aborts when the handler's try is over; the next try has another. */
  private abort: LazyAbort;
  private stream: SseStream | undefined;
  private phase: Phase = 'waiting';
  private tries = 0;

  constructor(
    readonly runtime: SseRuntime,
    readonly request: CarriesSseRequest,
    /** The framework's response. */
    readonly response: unknown,
  ) {
    this.lastEventId = lastEventIdOf(request);
    this.client = new ClientResponse(response);
    this.abort = this.newAbort();
    this.client.whenOver(this);
  }

  get openedAt(): Date {
    return new Date(this.openedTime);
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get state(): 'live' | 'stale' {
    return this.stream?.sourceState ?? 'live';
  }

  /** Whether the response is over; the client may have left before the handler could start. */
  get isOver(): boolean {
    return this.phase === 'over';
  }

  /** Whether the response is taken, so that nothing else can be sent with it. */
  get isAnswered(): boolean {
    const { client, phase, stream } = this;
    return phase === 'answered' || stream?.isOpen === true || (!client.isUntouched && !client.isGone);
  }

  /**
   * Begins a try of the handler, with a signal of its own. One that is under way is abandoned.
   *
   * @returns what `abandon` takes.
   * @throws SseSourceError when the response is taken.
   */
  begin(where: string): number {
    if (this.isAnswered) {
      throw calledAgain(where);
    }
    this.abandon(this.tries);
    if (this.abort.isAborted && !this.isOver) {
      this.abort = this.newAbort();
    }
    return ++this.tries;
  }

  /** Gives up a try whose stream has not opened: its signal aborts, and its source is released when it comes. */
  abandon(of: number): void {
    const { stream } = this;
    if (of === this.tries && this.phase === 'starting' && stream?.isOpen === false) {
      this.stream = undefined;
      this.stopStarting(stream);
    }
  }

  /**
   * Opens the stream on what `start` returns.
   *
   * @returns when the stream is open, or over; or the status to answer with where there is nothing to stream.
   * @throws what `start` or the source throws before anything was sent; SseSourceError when this was abandoned.
   */
  async open(start: () => unknown, handler: string, options: StreamOptions): Promise<number | undefined> {
    if (this.phase === 'starting') {
      // Called twice at a time: no signal can tell these two apart.
      throw calledAgain(handler);
    }
    const stream = this.newStream(handler, options);
    try {
      return this.settled(stream, await stream.open(await start()));
    } catch (error) {
      return this.failed(stream, error);
    }
  }

  /** As `open`, with events that interceptors give in the handler's place: they are subscribed to before this returns. */
  async answer(
    eventsOf: (reader: SourceReader) => Observable<unknown>,
    handler: string,
    options: StreamOptions,
  ): Promise<number | undefined> {
    this.begin(handler);
    const stream = this.newStream(handler, options);
    try {
      return this.settled(stream, await stream.open(eventsOf(stream)));
    } catch (error) {
      return this.failed(stream, error);
    }
  }

  /** The response is answered by somebody else. */
  markAnswered(): void {
    this.phase = 'answered';
  }

  /** An interceptor failed. @returns whether the error goes to the client, in its open stream. */
  fail(error: unknown): boolean {
    const isOpen = this.stream?.isOpen === true;
    if (isOpen) {
      this.stream?.fail(error);
    }
    return isOpen;
  }

  /** Drops the request's body, if nobody reads it. */
  discardBody(): void {
    this.client.discardBody();
  }

  /** Opens the stream and ends it with the time after which the client shall reconnect. */
  turnAway(retry: number, handler: string, options: StreamOptions): void {
    this.begin(handler);
    this.newStream(handler, options);
    this.end('reconnect', retry);
    if (this.runtime.isClosing) {
      this.client.closeConnection();
    }
  }

  close(onEnd?: OnEnd): void {
    checkOnEnd(onEnd, 'SseConnection.close()');
    this.end(onEnd);
  }

  end(onEnd: OnEnd = 'reconnect', retry?: number): void {
    const { client, phase, stream } = this;
    stream?.close(onEnd, retry);
    if (phase === 'starting' && this.phase === phase) {
      this.phase = 'answered';
    }
    if (phase === 'starting' && stream?.isOpen === false) {
      // It could not be opened for that, because of a header for example: its client must not wait for ever.
      client.destroy();
    }
  }

  /** Ends the stream because the server stops, and lets the client's connection end as well. */
  shutDown(retry: number): void {
    this.end('reconnect', retry);
    this.client.closeConnection();
  }

  destroy(): void {
    this.stream?.destroy();
    this.onOver();
  }

  onOver(): void {
    this.phase = 'over';
    this.stream?.onOver();
    this.abort.abort();
    this.whenOver?.();
    this.whenOver = undefined;
    this.runtime.connections.delete(this);
    const { unfinishedRequest } = this.client;
    if (unfinishedRequest) {
      this.runtime.linger(unfinishedRequest);
    }
  }

  onListenerError(error: unknown): void {
    this.stream?.onLateError(error);
  }

  private newAbort(): LazyAbort {
    const abort = new LazyAbort(this);
    // Where Nest's own @SseSignal() looks.
    this.request[SSE_ABORT_CONTROLLER] = abort;
    return abort;
  }

  private newStream(handler: string, options: StreamOptions): SseStream {
    this.handler = handler;
    this.phase = 'starting';
    this.stream = new SseStream(this.client, this.abort, options, handler, this.runtime, this.request);
    this.runtime.connections.add(this);
    return this.stream;
  }

  private settled(stream: SseStream, status: number | undefined): number | undefined {
    if (stream !== this.stream) {
      throw new SseAbandonedError(stream.handler);
    }
    if (this.phase === 'starting') {
      this.phase = 'answered';
    }
    if (status !== undefined) {
      this.runtime.connections.delete(this);
    }
    return status;
  }

  private failed(stream: SseStream, error: unknown): undefined {
    if (stream === this.stream && this.phase === 'starting') {
      // Nothing was sent: the response goes on as an ordinary one, by way of the exception filters.
      this.stopStarting(stream);
      throw error;
    }
    if (error instanceof SseAbandonedError) {
      throw error;
    }
    stream.onLateError(error);
    if (stream !== this.stream) {
      throw new SseAbandonedError(stream.handler);
    }
    // The client left, or the stream was closed: it is only the method's word that it stopped.
    return undefined;
  }

  private stopStarting(stream: SseStream): void {
    this.phase = 'waiting';
    stream.onOver();
    this.runtime.connections.delete(this);
  }
}

/** A call of the handler was given up, and somebody waits for it all the same. */
class SseAbandonedError extends SseSourceError {
  constructor(where: string) {
    super(`${where}: an interceptor gave this call of the handler up, by an answer of its own or by another call`);
  }
}

function calledAgain(where: string): SseSourceError {
  return new SseSourceError(
    `${where}: an interceptor called the handler again, and the response is taken already. To an interceptor, a handler is ` +
      'done when its stream opens: repeat() and retry() can only act before that',
  );
}

/** The options of a stream: the route's own, then what its view's instance says, then the defaults. */
export function streamOptions(route: RegisteredRoute, controller: object): StreamOptions {
  const { own, stream, role } = route;
  if (role === 'method') {
    return stream;
  }
  const view = controller as ViewMembers;
  // What a view says in terms of its events' type is about `events()` alone.
  const { eventId, pipe } = role === 'events' ? view : {};
  const { retry } = view;
  const known = optionsOf.get(view) ?? new Map<RegisteredRoute, ViewOptions>();
  const last = known.get(route);
  if (last && last.retry === retry && last.eventId === eventId && last.pipe === pipe) {
    return last.options;
  }
  const options: StreamOptions = {
    ...stream,
    retry: own.retry ?? retry ?? stream.retry,
    eventId: own.eventId ?? eventId?.bind(view) ?? stream.eventId,
    pipe: own.pipe ?? pipe?.bind(view) ?? stream.pipe,
  };
  optionsOf.set(view, known.set(route, { retry, eventId, pipe, options }));
  return options;
}

/** What a view's instance said last, and what came of it: a singleton's connections share that. */
interface ViewOptions extends ViewMembers {
  readonly options: StreamOptions;
}

const optionsOf = new WeakMap<ViewMembers, Map<RegisteredRoute, ViewOptions>>();

/** What a view's instance may say of its streams. */
type ViewMembers = Partial<Pick<StreamOptions, 'eventId' | 'retry' | 'pipe'>>;
