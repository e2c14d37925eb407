import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { MAX_ID_LENGTH } from '../event/encode';
import { HEADERS, isMadeBy, parametersRead } from './route-arguments';

/**
 * The id of the last event that a reconnecting client received, or `undefined` for a client that comes for the first time.
 *
 * Browsers send the id in UTF-8, which Node reads as Latin-1; it is put right here. The id is the client's word, never
 * authority. A handler that reads it gives no default ids to its events: those that it understands are its own.
 *
 * At most 1,024 characters are read, because no event can have a longer id. The beginning of a longer one is an id like any
 * other that is unknown: a channel answers it with `gap: invalid`.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
 *
 * @example
 * ```ts
 * async *events(@LastEventId() lastEventId: string | undefined) { … }
 * ```
 */
export const LastEventId = createParamDecorator(lastEventIdIn);

function lastEventIdIn(_data: unknown, context: ExecutionContext): string | undefined {
  return lastEventIdOf(context.switchToHttp().getRequest<IncomingMessage>());
}

/** Whether a method of a controller reads the id, by `@LastEventId()` or by `@Headers('last-event-id')`. */
export function readsLastEventId(controller: Function, methodName: string): boolean {
  return (
    isMadeBy(lastEventIdIn, controller, methodName) ||
    parametersRead(controller, methodName, HEADERS).some(isLastEventIdHeader)
  );
}

/** Whether a header is that of the id. */
export function isLastEventIdHeader(name: unknown): name is string {
  return typeof name === 'string' && name.toLowerCase() === 'last-event-id';
}

/** Reads the header of a request, Node's own or a framework's. */
export function lastEventIdOf(request: Pick<IncomingMessage, 'headers'>): string | undefined {
  const header = request.headers['last-event-id'];
  const id = Array.isArray(header) ? header.at(-1) : header;
  return id === undefined || id === '' ? undefined : bounded(fromUtf8(id));
}

/** Cut, and not refused: `EventSource` closes for good at any error. Nor taken for none: then nothing would say what is lost. */
function bounded(id: string): string {
  // A pair of surrogates is not cut in two.
  return id.length <= MAX_ID_LENGTH ? id : id.slice(0, MAX_ID_LENGTH).replace(/[\uD800-\uDBFF]$/, '');
}

function fromUtf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : latin1;
}
