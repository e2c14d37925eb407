import type { NestInterceptor, Type } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { INNERMOST, OUTERMOST } from './sse-route.interceptors';

/** Nest's key for the interceptors of a controller and of a method: `INTERCEPTORS_METADATA`. */
const INTERCEPTORS = '__interceptors__';

/**
 * Puts our two interceptors around those of each stream that has any. A stream without interceptors has none of ours either:
 * they would cost each connection something, and there is nothing to watch.
 *
 * Nest runs global interceptors first, then those of the controller, then those of the method. So the first place is in the
 * list of global ones where there are any, and where other routes pass it, too: it only looks at the handler there.
 */
export function placeInterceptors(
  config: Pick<ApplicationConfig, 'getGlobalInterceptors' | 'getGlobalRequestInterceptors'>,
  streams: readonly { readonly controller: Type; readonly handler: Function }[],
): void {
  const global = config.getGlobalInterceptors();
  const hasGlobal = global.length > 0 || config.getGlobalRequestInterceptors().length > 0;
  if (hasGlobal && streams.length > 0 && !global.includes(OUTERMOST)) {
    // Nest's own list. The application's are all in it.
    global.unshift(OUTERMOST);
  }
  for (const { controller, handler } of streams) {
    const ofController = interceptorsOf(controller);
    const ofMethod = interceptorsOf(handler);
    if (!hasGlobal && ofController.length > 0) {
      define(controller, [OUTERMOST, ...ofController]);
    }
    if (hasGlobal || ofController.length > 0 || ofMethod.length > 0) {
      const isFirst = !hasGlobal && ofController.length === 0;
      define(handler, [...(isFirst ? [OUTERMOST] : []), ...ofMethod, INNERMOST]);
    }
  }
}

/** The application's own: another application of this process may have been here with the same class. */
function interceptorsOf(target: object): (NestInterceptor | Function)[] {
  const all = (Reflect.getMetadata(INTERCEPTORS, target) ?? []) as (NestInterceptor | Function)[];
  return all.filter((one) => one !== OUTERMOST && one !== INNERMOST);
}

function define(target: object, interceptors: readonly (NestInterceptor | Function)[]): void {
  Reflect.defineMetadata(INTERCEPTORS, interceptors, target);
}
