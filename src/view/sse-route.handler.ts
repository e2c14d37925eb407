import { HttpStatus, ServiceUnavailableException } from '@nestjs/common';
import { END_OF_STREAM_ID } from '../event/encode';
import { isEventSource, namesMediaType } from '../stream/accept';
import { problemDetailsOf } from '../stream/problem-details';
import { isUnavailable } from '../stream/sse-stream';
import type { StreamOptions } from '../stream/stream-options';
import { SSE_REQUEST, streamOptions, type CarriesSseRequest, type SseRequest } from './sse-request';

/** The handlers that were made here, each with the method that it stands for. */
const methodOf = new WeakMap<Function, Function>();

/**
 * Marks a method that takes the request and the client's last id as they are, with no parameter decorators that an
 * overriding method would inherit.
 */
export const TAKES_REQUEST = Symbol('TAKES_REQUEST');

/** What an error says to a client that names it. https://www.rfc-editor.org/rfc/rfc9457 */
const PROBLEM = 'application/problem+json';

/** A response leads to its request: Express by `req`, Fastify by `request`. */
interface LinkedResponse {
  readonly req?: CarriesSseRequest;
  readonly request?: CarriesSseRequest;
}

/**
 * The handler that Nest calls for a stream, in the place of the controller's method: it calls the method, opens the stream
 * on what the method returns, and is done. To guards, pipes and interceptors it is a handler like any other that sends its
 * own response.
 *
 * @param responseIndex which argument is Nest's `@Res()`, the one past the method's own.
 */
export function createSseHandler(method: Function, name: string, responseIndex: number): Function {
  const handler = {
    [name](this: object, ...args: unknown[]): unknown {
      const response = args[responseIndex] as LinkedResponse | undefined;
      const sse = (response?.request ?? response?.req)?.[SSE_REQUEST];
      if (!sse) {
        // Called by the application itself, not by Nest: it is the method that it was.
        return method.apply(this, args) as unknown;
      }
      const own = TAKES_REQUEST in method ? [sse.request, sse.lastEventId] : args.slice(0, responseIndex);
      const where = `${this.constructor.name}.${name}`;
      const route = sse.runtime.routes.get(handler)!;
      const options = streamOptions(route, this);
      return serve(sse, where, options, () => {
        if (!route.takesRequest) {
          sse.discardBody();
        }
        return sse.open(() => method.apply(this, own), where, options);
      });
    },
  }[name]!;
  methodOf.set(handler, method);
  return handler;
}

/** Whether a method of a controller is a handler made here. */
export function isSseHandler(handler: Function): boolean {
  return methodOf.has(handler);
}

/** The controller's own method behind a handler; the method itself where none was made. */
export function unwrap(handler: Function): Function {
  return methodOf.get(handler) ?? handler;
}

/**
 * Opens a stream, unless the request cannot have one just now.
 *
 * @param open is called before this returns, if at all.
 */
export async function serve(
  sse: SseRequest,
  where: string,
  options: StreamOptions,
  open: () => Promise<number | undefined>,
): Promise<void> {
  const { runtime, request, response } = sse;
  if (sse.isOver) {
    return;
  }
  const { httpAdapter } = runtime.adapterHost;
  const turnAway = (reason: string, cause?: unknown): void => {
    const retry = runtime.spreadRetry();
    if (isEventSource(request)) {
      // It never comes back after a 503. It keeps its last id.
      sse.turnAway(retry, where, options);
      return;
    }
    httpAdapter.setHeader(response, 'Retry-After', String(Math.ceil(retry / 1000)));
    const exception = new ServiceUnavailableException(reason, { cause });
    if (!namesMediaType(request, PROBLEM)) {
      throw exception;
    }
    httpAdapter.setHeader(response, 'Content-Type', PROBLEM);
    throw new ServiceUnavailableException(problemDetailsOf(exception), { cause });
  };
  const answer = async (status: number): Promise<void> => {
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    await httpAdapter.reply(response, undefined, status);
  };
  if (runtime.isClosing) {
    turnAway('The server is shutting down');
    return;
  }
  if (sse.lastEventId === END_OF_STREAM_ID) {
    // https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model: 204 stops the reconnection.
    sse.markAnswered();
    await answer(HttpStatus.NO_CONTENT);
    return;
  }
  let status: number | undefined;
  try {
    status = await open();
  } catch (error) {
    if (!isUnavailable(error)) {
      throw error;
    }
    turnAway('The events are temporarily unavailable. Retry', error);
  }
  if (status !== undefined) {
    await answer(status);
  }
}
