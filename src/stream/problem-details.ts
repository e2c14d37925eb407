import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { encodeJson } from '../event/encode-json';

/**
 * The body of the error event.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail?: string | undefined;
  [extension: string]: unknown;
}

/** What is told of an error that cannot be told. */
const UNKNOWN: ProblemDetails = { type: 'about:blank', title: 'Internal Server Error', status: 500 };

/**
 * The data of the error event as JSON. What an exception carries may come from outside, and be what JSON cannot express: then
 * only its status is told.
 */
export function problemDetailsOf(error: unknown): ProblemDetails {
  try {
    const problem = toProblemDetails(error);
    try {
      encodeJson(problem);
      return problem;
    } catch {
      return { type: 'about:blank', title: problem.title, status: problem.status };
    }
  } catch {
    return UNKNOWN;
  }
}

/** Of an error that is no `HttpException` nothing is told but that it happened. */
function toProblemDetails(error: unknown): ProblemDetails {
  if (!(error instanceof HttpException)) {
    return UNKNOWN;
  }
  const status = error.getStatus();
  const title = STATUS_CODES[status] ?? 'Error';
  const response = error.getResponse();
  if (typeof response === 'string') {
    return { type: 'about:blank', title, status, detail: response };
  }
  const {
    message,
    statusCode: _statusCode,
    error: _title,
    ...extensions
  } = (response ?? {}) as Record<string, unknown>;
  // A ValidationPipe's message is the list of what is wrong.
  const told = typeof message === 'string' ? { detail: message } : message === undefined ? {} : { errors: message };
  return { type: 'about:blank', title, status, ...told, ...extensions };
}
