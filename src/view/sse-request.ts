import { SSE_ABORT_CONTROLLER } from '@nestjs/common';
import { ClientResponse, type ResponseOwner } from '../stream/client-response';
import { LazyAbort } from '../stream/lazy-abort';
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
  [SSE_REQUEST]?: SseRequest;
  [SSE_ABORT_CONTROLLER]?: { readonly signal: AbortSignal };
}

/** One request for a stream, from the guard to the end of its response. */
export class SseRequest implements OwnedConnection, ResponseOwner {
  readonly lastEventId: string | undefined;
  handler = '';

  private readonly openedTime = Date.now();
  private readonly abort = new LazyAbort();
  private readonly client: ClientResponse;
  private stream: SseStream | undefined;
  private isEnded = false;

  constructor(
    readonly runtime: SseRuntime,
    readonly request: CarriesSseRequest,
    /** The framework's response. */
    readonly response: unknown,
  ) {
    this.lastEventId = lastEventIdOf(request);
    this.client = new ClientResponse(response);
    // Where Nest's own @SseSignal() looks.
    request[SSE_ABORT_CONTROLLER] = this.abort;
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

  /** Whether the client left before the handler could start. */
  get isOver(): boolean {
    return this.abort.isAborted;
  }

  /**
   * Opens the stream on what `start` returns.
   *
   * @returns when the stream is open, or over; or the status to answer with where there is nothing to stream.
   * @throws what `start` or the source throws before anything was sent.
   */
  async open(start: () => unknown, handler: string, options: StreamOptions): Promise<number | undefined> {
    this.handler = handler;
    this.stream = new SseStream(this.client, this.abort, options, handler, this.runtime, this.request);
    this.runtime.connections.add(this);
    try {
      const status = await this.stream.open(await start());
      if (status !== undefined) {
        this.runtime.connections.delete(this);
      }
      return status;
    } catch (error) {
      if (this.isEnded) {
        // The client left, or the stream was closed: it is only the method's word that it stopped.
        return undefined;
      }
      // Nothing was sent: the response goes on as an ordinary one, by way of the exception filters.
      this.stream.onOver();
      this.runtime.connections.delete(this);
      throw error;
    }
  }

  /** Drops the request's body, if nobody reads it. */
  discardBody(): void {
    this.client.discardBody();
  }

  /** Opens the stream and ends it with the time after which the client shall come back. */
  turnAway(retry: number, handler: string, options: StreamOptions): void {
    this.handler = handler;
    this.stream = new SseStream(this.client, this.abort, options, handler, this.runtime, this.request);
    this.close('reconnect', retry);
    if (this.runtime.isClosing) {
      this.client.closeConnection();
    }
  }

  close(onEnd: OnEnd = 'reconnect', retry?: number): void {
    this.isEnded = true;
    this.stream?.close(onEnd, retry);
  }

  /** Ends the stream because the server stops, and lets the client's connection end as well. */
  shutDown(retry: number): void {
    this.close('reconnect', retry);
    this.client.closeConnection();
  }

  destroy(): void {
    this.stream?.destroy();
    this.onOver();
  }

  onOver(): void {
    this.isEnded = true;
    this.stream?.onOver();
    this.abort.abort();
    this.runtime.connections.delete(this);
    const { unfinishedRequest } = this.client;
    if (unfinishedRequest) {
      this.runtime.linger(unfinishedRequest);
    }
  }
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
