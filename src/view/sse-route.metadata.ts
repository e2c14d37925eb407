import 'reflect-metadata';
import { RequestMethod } from '@nestjs/common';
import type { SseRouteOptions } from '../config/options';

/** What `@SseRoute()` records of a method. */
export interface SseRouteRecord {
  readonly path: string | readonly string[];
  readonly options: SseRouteOptions;
}

const SSE_ROUTE = 'sse:route';
/** Nest's key for the HTTP method of a route. */
export const METHOD = 'method';

/** Records a route on its method; the registrar reads it. */
export function recordRoute(record: SseRouteRecord): MethodDecorator {
  return (_target, _name, descriptor) => {
    Reflect.defineMetadata(SSE_ROUTE, record, descriptor.value as object);
    // Class decorators of `@nestjs/swagger` (`@ApiParam()` and its like) look for it when they run, before the registrar.
    Reflect.defineMetadata(METHOD, record.options.method ?? RequestMethod.GET, descriptor.value as object);
  };
}

/** The record of a method, or `undefined` for one without the decorator. */
export function recordedRoute(method: Function): SseRouteRecord | undefined {
  return Reflect.getMetadata(SSE_ROUTE, method) as SseRouteRecord | undefined;
}
