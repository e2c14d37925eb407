import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/**
 * The id of the last event that a reconnecting client received, or `undefined` for a client that comes for the first time.
 *
 * Browsers send the id in UTF-8, which Node reads as Latin-1; it is put right here. The id is the client's word, never
 * authority.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
 *
 * @example
 * ```ts
 * async *events(@LastEventId() lastEventId: string | undefined) { … }
 * ```
 */
export const LastEventId = createParamDecorator((_data: unknown, context: ExecutionContext): string | undefined =>
  lastEventIdOf(context.switchToHttp().getRequest<IncomingMessage>()),
);

/** Reads the header of a request, Node's own or a framework's. */
export function lastEventIdOf(request: Pick<IncomingMessage, 'headers'>): string | undefined {
  const header = request.headers['last-event-id'];
  const id = Array.isArray(header) ? header.at(-1) : header;
  return id === undefined || id === '' ? undefined : fromUtf8(id);
}

function fromUtf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : latin1;
}
