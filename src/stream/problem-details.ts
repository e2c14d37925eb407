import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';

/**
 * The body of the error event.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail?: string;
  [extension: string]: unknown;
}

/** Of an error that is no `HttpException` nothing is told but that it happened. */
export function toProblemDetails(error: unknown): ProblemDetails {
  if (!(error instanceof HttpException)) {
    return { type: 'about:blank', title: 'Internal Server Error', status: 500 };
  }
  const status = error.getStatus();
  const title = STATUS_CODES[status] ?? 'Error';
  const response = error.getResponse();
  if (typeof response === 'string') {
    return { type: 'about:blank', title, status, detail: response };
  }
  const { message, statusCode: _statusCode, error: _title, ...extensions } = response as Record<string, unknown>;
  // A ValidationPipe's message is the list of what is wrong.
  const told = typeof message === 'string' ? { detail: message } : message === undefined ? {} : { errors: message };
  return { type: 'about:blank', title, status, ...told, ...extensions };
}
