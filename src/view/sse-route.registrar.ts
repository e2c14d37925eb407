import { Inject, Injectable, RequestMethod, Res, type Type } from '@nestjs/common';
import { ApplicationConfig, ContextIdFactory, ModulesContainer, type ContextId } from '@nestjs/core';
import type { SseChannelOptions } from '../channel/channel-definition';
import { CHANNEL_OPTIONS } from '../channel/sse-channels.module';
import { resolveRouteOptions, type ViewDefaults } from '../config/resolve-options';
import { show } from '../event/printable';
import { NEST_MESSAGE_HINT } from '../event/nest-message';
import { SseConfigurationError } from '../event/sse.error';
import { ChannelView } from './channel.view';
import { CHANNEL_EVENTS } from './openapi/channel-events';
import { documentRoute } from './openapi/document-route';
import { readsLastEventId } from './last-event-id.decorator';
import { ServerSentEventsView } from './server-sent-events.view';
import { createSseHandler, unwrap } from './sse-route.handler';
import { placeInterceptors } from './place-interceptors';
import { METHOD, recordedRoute, type SseRouteRecord } from './sse-route.metadata';
import { SseRuntime } from './sse.runtime';

/*
 * Nest's keys, written here because it exports them to no one on all of its versions.
 * https://github.com/nestjs/nest/blob/master/packages/common/constants.ts
 */
const PATH = 'path';
const HTTP_CODE = '__httpCode__';
const HEADERS = '__headers__';
const ROUTE_ARGUMENTS = '__routeArguments__';
const RESPONSE_PASSTHROUGH = '__responsePassthrough__';
/** TypeScript's key for the types of a method's parameters. */
const PARAMETER_TYPES = 'design:paramtypes';

/** Nest's kinds of parameters, by number: the request, the response, the body and the raw body. */
const LEADS_TO_BODY = /^(?:0|1|3|12):/;

/** Marks the entry of the response among a handler's parameters as ours, not the developer's. */
const OURS = Symbol('SSE_RESPONSE');

interface RouteArgument {
  index: number;
  [OURS]?: true;
}

/** What Nest keeps of a controller, as far as it is used here. */
interface ControllerWrapper {
  readonly instance: unknown;
  isDependencyTreeStatic(): boolean;
  getInstanceByContextId(contextId: ContextId): { readonly instance: unknown } | undefined;
}

/**
 * Finds every stream among the application's controllers and makes it a route, in its constructor: that is before Nest
 * resolves routes, and before a document can be made.
 */
@Injectable()
export class SseRouteRegistrar {
  private readonly channels: ReadonlyMap<string, SseChannelOptions>;
  /** The handlers, each with its controller. */
  private readonly handlers: { readonly controller: Type; readonly handler: Function }[] = [];

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(SseRuntime) private readonly runtime: SseRuntime,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {
    if ([...modules.values()].filter((module) => module.providers.has(SseRuntime)).length > 1) {
      throw new SseConfigurationError(
        'SseModule is imported more than once with options. Call SseModule.forRoot() once, in the root module',
      );
    }
    this.channels = new Map(
      [...modules.values()]
        .flatMap((module) => (module.providers.get(CHANNEL_OPTIONS)?.instance ?? []) as SseChannelOptions[])
        .map((channel) => [channel.name, channel]),
    );
    for (const module of modules.values()) {
      for (const wrapper of module.controllers.values()) {
        if (typeof wrapper.metatype === 'function') {
          this.register(wrapper.metatype as Type, wrapper);
        }
      }
    }
  }

  /** Is called when all interceptors of the application are known, and Nest has not looked at them yet. */
  placeInterceptors(): void {
    placeInterceptors(this.config, this.handlers);
  }

  private register(controller: Type, wrapper: ControllerWrapper): void {
    const isView = controller.prototype instanceof ServerSentEventsView;
    if (isView && typeof (controller.prototype as Record<string, unknown>)['events'] !== 'function') {
      throw new SseConfigurationError(`${controller.name} extends ServerSentEventsView and has no method events()`);
    }
    for (const name of methodNames(controller.prototype as object)) {
      const method = unwrap((controller.prototype as Record<string, Function>)[name]!);
      const isEvents = isView && name === 'events';
      const record = recordedRoute(method) ?? (isEvents ? { path: '', options: {} } : undefined);
      if (record) {
        this.registerRoute(controller, wrapper, name, method, record, isView, isEvents);
      }
    }
  }

  private registerRoute(
    controller: Type,
    wrapper: ControllerWrapper,
    name: string,
    method: Function,
    record: SseRouteRecord,
    isView: boolean,
    isEvents: boolean,
  ): void {
    const where = `${controller.name}.${name}`;
    if (Reflect.hasMetadata(PATH, method)) {
      throw new SseConfigurationError(
        `${where} is a stream and has another route decorator, too (@Get, @Post, @Sse, …). Remove that one`,
      );
    }
    const status: unknown = Reflect.getMetadata(HTTP_CODE, method);
    if (status !== undefined && status !== 200) {
      throw new SseConfigurationError(
        `${where} is a stream and has @HttpCode(${String(status)}). The status of a stream is 200: remove @HttpCode(), and ` +
          'return null where there is nothing to stream, which answers 204 No Content',
      );
    }
    const statics = controller as Type & ViewDefaults;
    const view: ViewDefaults = {
      ...(isEvents && { responseSchema: statics.responseSchema ?? this.channelOf(controller)?.schema }),
      ...(isView && { headers: statics.headers }),
      decorated: ((Reflect.getMetadata(HEADERS, method) ?? []) as { name: string }[]).map((header) => header.name),
      readsLastEventId: readsLastEventId(controller, name),
    };
    const route = resolveRouteOptions(this.runtime.options.stream, view, record.options, where);
    const handler = this.handlerOf(controller, name, method);
    Reflect.defineMetadata(PATH, normalizedPath(record.path), handler);
    Reflect.defineMetadata(METHOD, record.options.method ?? RequestMethod.GET, handler);
    Reflect.defineMetadata(HTTP_CODE, 200, handler);
    const additionalEvents = isEvents && controller.prototype instanceof ChannelView ? CHANNEL_EVENTS : [];
    documentRoute({ handler, method, methodName: name, controller, route, additionalEvents });
    this.runtime.routes.set(handler, {
      ...route,
      stream: { ...route.stream, onNestMessage: this.hintAtName(where) },
      takesRequest: takesRequest(controller, name),
      role: isEvents ? 'events' : isView ? 'beside events' : 'method',
      controllerOf: (request) => controllerOf(wrapper, request),
    });
    this.handlers.push({ controller, handler });
  }

  /** Says once that what a route yields looks like Nest's `MessageEvent`. It may be a row that has these keys. */
  private hintAtName(where: string): () => void {
    let isTold = false;
    return () => {
      if (!isTold) {
        isTold = true;
        this.runtime.logger.warn(`${where} yields ${NEST_MESSAGE_HINT}`);
      }
    };
  }

  /** The channel that a view names. */
  private channelOf(controller: Type): SseChannelOptions | undefined {
    if (!(controller.prototype instanceof ChannelView)) {
      return undefined;
    }
    const { channel } = controller as Type & { readonly channel?: unknown };
    const options = this.channels.get(channel as string);
    if (!options) {
      const names = [...this.channels.keys()].map((name) => `"${name}"`).join(', ') || 'none';
      throw new SseConfigurationError(
        `${controller.name} extends ChannelView and needs the name of a channel: static readonly channel = '…'. ` +
          `It has ${channel === undefined ? 'none' : show(channel)}; channels of SseModule.forFeature() are: ${names}`,
      );
    }
    return options;
  }

  /** Each controller gets a handler of its own, also of a method that it inherits: metadata live on the function. */
  private handlerOf(controller: Type, name: string, method: Function): Function {
    const prototype = controller.prototype as Record<string, Function>;
    const own = Object.getOwnPropertyDescriptor(prototype, name)?.value as Function | undefined;
    if (own && own !== unwrap(own)) {
      // Another application of this process has been here with the same class.
      return own;
    }
    const handler = createSseHandler(method, name, this.declareResponse(prototype, name, method));
    freeSignals(prototype, name);
    for (const key of Reflect.getMetadataKeys(method)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, method), handler);
    }
    Object.defineProperty(prototype, name, { value: handler, writable: true, configurable: true, enumerable: false });
    return handler;
  }

  /** Declares `@Res()` past the method's own parameters: Nest then leaves the response to the handler. */
  private declareResponse(prototype: object, name: string, method: Function): number {
    const host = prototype.constructor;
    const inherited = (Reflect.getMetadata(ROUTE_ARGUMENTS, host, name) ?? {}) as Record<string, RouteArgument>;
    // A base class that is a controller itself has had its response declared, maybe where this method has a parameter.
    const own = Object.fromEntries(Object.entries(inherited).filter(([, argument]) => !argument[OURS]));
    const index = Math.max(method.length, ...Object.values(own).map((argument) => argument.index + 1));
    Reflect.defineMetadata(ROUTE_ARGUMENTS, own, host, name);
    Res()(prototype, name, index);
    const declared = Reflect.getMetadata(ROUTE_ARGUMENTS, host, name) as Record<string, RouteArgument>;
    for (const argument of Object.values(declared)) {
      if (argument.index === index) {
        argument[OURS] = true;
      }
    }
    // With `@Res({ passthrough: true })` among the method's own, Nest would send its result after the stream's headers.
    Reflect.defineMetadata(RESPONSE_PASSTHROUGH, false, host, name);
    return index;
  }
}

/** Whether a method has a parameter by which it can read the request's body itself. */
function takesRequest(controller: Type, name: string): boolean {
  const declared = (Reflect.getMetadata(ROUTE_ARGUMENTS, controller, name) ?? {}) as Record<string, RouteArgument>;
  return Object.entries(declared).some(([key, argument]) => !argument[OURS] && LEADS_TO_BODY.test(key));
}

/**
 * Has pipes take the signal for what it is: `ValidationPipe` with `validateCustomDecorators` would make a new one of it, which
 * `AbortSignal` does not allow.
 */
function freeSignals(prototype: object, name: string): void {
  const types = Reflect.getMetadata(PARAMETER_TYPES, prototype, name) as unknown[] | undefined;
  if (types?.includes(AbortSignal)) {
    const freed = types.map((type) => (type === AbortSignal ? Object : type));
    Reflect.defineMetadata(PARAMETER_TYPES, freed, prototype, name);
  }
}

/** The controller that Nest made: one for all requests, or one for each. */
function controllerOf(wrapper: ControllerWrapper, request: object): object | undefined {
  return wrapper.isDependencyTreeStatic()
    ? (wrapper.instance as object)
    : (wrapper.getInstanceByContextId(ContextIdFactory.getByRequest(request))?.instance as object | undefined);
}

function methodNames(prototype: object): string[] {
  const names = new Set<string>();
  for (
    let level = prototype;
    level !== Object.prototype && level !== null;
    level = Object.getPrototypeOf(level) as object
  ) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name !== 'constructor' && typeof descriptor.value === 'function') {
        names.add(name);
      }
    }
  }
  return [...names];
}

function normalizedPath(path: string | readonly string[]): string | string[] {
  return typeof path === 'string' ? path || '/' : path.map((one) => one || '/');
}
