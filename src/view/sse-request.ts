import { SSE_ABORT_CONTROLLER } from '@nestjs/common';
import { ClientResponse } from '../stream/client-response';
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
  readonly raw?: object;
  [SSE_REQUEST]?: SseRequest;
}

/** One request for a stream, from the guard to the end of its response. */
export class SseRequest implements OwnedConnection {
  readonly lastEventId: string | undefined;
  readonly openedAt = new Date();
  handler = '';

  private readonly abort = new AbortController();
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
    for (const carrier of [request, request.raw]) {
      if (carrier) {
        Object.assign(carrier, { [SSE_ABORT_CONTROLLER]: this.abort });
      }
    }
    this.client.whenOver(() => this.onOver());
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Whether the client left before the handler could start. */
  get isOver(): boolean {
    return this.abort.signal.aborted;
  }

  /**
   * Opens the stream on what `start` returns.
   *
   * @returns when the stream is open, or over.
   * @throws what `start` or the source throws before anything was sent.
   */
  async open(start: () => unknown, handler: string, options: StreamOptions): Promise<void> {
    this.handler = handler;
    this.stream = new SseStream(this.client, this.abort, options, handler, this.runtime);
    this.runtime.connections.add(this);
    try {
      await this.stream.open(await start());
    } catch (error) {
      if (this.isEnded) {
        // The client left, or the stream was closed: it is only the method's word that it stopped.
        return;
      }
      // Nothing was sent: the response goes on as an ordinary one, by way of the exception filters.
      this.stream.onOver();
      this.runtime.connections.delete(this);
      throw error;
    }
  }

  /** Opens the stream and ends it with the time after which the client shall come back. */
  turnAway(retry: number, handler: string, options: StreamOptions): void {
    this.handler = handler;
    this.stream = new SseStream(this.client, this.abort, options, handler, this.runtime);
    this.shutDown(retry);
  }

  close(onEnd: OnEnd = 'reconnect', retry?: number): void {
    this.isEnded = true;
    this.stream?.close(onEnd, retry);
  }

  /** Ends the stream because the server stops, and lets the client's connection end as well. */
  shutDown(retry: number): void {
    this.close('reconnect', retry);
    this.client.closeSession();
  }

  destroy(): void {
    this.stream?.destroy();
    this.onOver();
  }

  private onOver(): void {
    this.isEnded = true;
    this.abort.abort();
    this.stream?.onOver();
    this.runtime.connections.delete(this);
  }
}

/** The options of a stream: the route's own, then what its view's instance says, then the defaults. */
export function streamOptions({ own, stream, role }: RegisteredRoute, controller: object): StreamOptions {
  if (role === 'method') {
    return stream;
  }
  const view = controller as ViewMembers;
  const retry = own.retry ?? view.retry ?? stream.retry;
  // What a view says in terms of its events' type is about `events()` alone.
  const { eventId, pipe } = role === 'events' ? view : {};
  return {
    ...stream,
    retry,
    eventId: own.eventId ?? eventId?.bind(view) ?? stream.eventId,
    pipe: own.pipe ?? pipe?.bind(view) ?? stream.pipe,
  };
}

/** What a view's instance may say of its streams. */
type ViewMembers = Partial<Pick<StreamOptions, 'eventId' | 'retry' | 'pipe'>>;
