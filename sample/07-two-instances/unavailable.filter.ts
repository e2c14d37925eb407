import {
  Catch,
  HttpStatus,
  ServiceUnavailableException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { Response } from 'express';
import { SseOutcomeUnknownError, SseUnavailableError } from 'nestjs-sse-views';

/** What cannot be published because Redis is away is no fault of this program: the client may send it again, with its key. */
@Catch(SseUnavailableError, SseOutcomeUnknownError)
export class UnavailableFilter implements ExceptionFilter {
  catch(_error: Error, host: ArgumentsHost): void {
    const answer = new ServiceUnavailableException('Nothing can be sent just now');
    const response = host.switchToHttp().getResponse<Response>();
    response.status(HttpStatus.SERVICE_UNAVAILABLE).set('Retry-After', '1').json(answer.getResponse());
  }
}
