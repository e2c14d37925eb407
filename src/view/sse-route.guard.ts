import {
  Inject,
  Injectable,
  Optional,
  type CanActivate,
  type ExecutionContext,
  type OnModuleDestroy,
} from '@nestjs/common';
import { SseModuleMissingError } from '../event/sse.error';
import { isSseHandler } from './sse-route.handler';
import { SSE_REQUEST, SseRequest, type CarriesSseRequest } from './sse-request';
import { SseRuntime } from './sse.runtime';

/**
 * Stands before every stream, and says yes. It is the part of a stream that Nest creates for each application: it ties the
 * request to that application's runtime before parameters are read, refuses to start without `SseModule`, and ends the
 * streams when the first module that has any is destroyed, while what their sources use is still there.
 */
@Injectable()
export class SseRouteGuard implements CanActivate, OnModuleDestroy {
  private readonly runtime: SseRuntime;

  constructor(@Optional() @Inject(SseRuntime) runtime?: SseRuntime) {
    if (!runtime) {
      throw new SseModuleMissingError();
    }
    this.runtime = runtime;
  }

  canActivate(context: ExecutionContext): boolean {
    if (isSseHandler(context.getHandler())) {
      const http = context.switchToHttp();
      const request = http.getRequest<CarriesSseRequest>();
      request[SSE_REQUEST] ??= new SseRequest(this.runtime, request, http.getResponse());
    }
    return true;
  }

  onModuleDestroy(): Promise<void> {
    return this.runtime.shutdown();
  }
}
