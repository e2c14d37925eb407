import { applyDecorators, UseGuards } from '@nestjs/common';
import type { SseRouteOptions } from '../config/options';
import type { ResponseSchema } from '../validation/response-schema';
import type { PayloadOf, SseSource } from '../validation/yield-types';
import { SseRouteGuard } from './sse-route.guard';
import { recordRoute } from './sse-route.metadata';

/** Decorates a method that returns what `S` allows to be sent. */
export type SseRouteDecorator<S extends ResponseSchema, Typed extends boolean> = <
  // The parameters are the developer's own; only what is returned is checked.
  M extends (...args: never[]) => SseSource<ResponseSchema extends S ? unknown : PayloadOf<S>, Typed>,
>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/**
 * Makes a method of any controller a stream of Server-Sent Events, beside its ordinary routes. On the `events()` of a view
 * it sets that route's options, and its path where one is given.
 *
 * The method returns an `AsyncIterable` (as an async generator does), an `Iterable`, an `Observable`, or a promise of one; or
 * `null`, which answers `204 No Content`. Of statuses and of the request's body the same is true as for
 * `ServerSentEventsView.events()`.
 *
 * @param path under the controller's path.
 * @param options of this route; they override those of the view and of `SseModule.forRoot()`.
 *
 * @example
 * ```ts
 * @SseRoute('halts', { responseSchema: TradingHalt, retry: 10_000 })
 * async *halts() {
 *   yield { event: 'halt', data: { symbol: 'ACME', reason: 'volatility' } };
 * }
 * ```
 */
export function SseRoute<S extends ResponseSchema = ResponseSchema, const Typed extends boolean = false>(
  path?: string | readonly string[],
  options?: SseRouteOptions<S> & { typedEvents?: Typed | undefined },
): SseRouteDecorator<S, Typed>;
export function SseRoute<S extends ResponseSchema = ResponseSchema, const Typed extends boolean = false>(
  options: SseRouteOptions<S> & { typedEvents?: Typed | undefined },
): SseRouteDecorator<S, Typed>;
export function SseRoute(
  pathOrOptions: string | readonly string[] | SseRouteOptions = '',
  options: SseRouteOptions = {},
): MethodDecorator {
  const isPath = typeof pathOrOptions === 'string' || Array.isArray(pathOrOptions);
  return applyDecorators(
    recordRoute(
      isPath
        ? { path: pathOrOptions as string | readonly string[], options }
        : { path: '', options: pathOrOptions as SseRouteOptions },
    ),
    UseGuards(SseRouteGuard),
  );
}
