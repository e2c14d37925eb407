import { RequestMethod } from '@nestjs/common';
import { IsString } from 'class-validator';
import { z } from 'zod';
import type { SseModuleOptions, SseRouteOptions, SseStreamOptions } from '../../src/config/options';
import { resolveModuleOptions, resolveRouteOptions, type ViewDefaults } from '../../src/config/resolve-options';
import { ServerSentEvent } from '../../src/event/server-sent-event';
import { SseConfigurationError } from '../../src/event/sse.error';

class Price {
  @IsString() symbol!: string;
}

const WHERE = 'StockPricesView.events';
const resolve = (
  route: SseRouteOptions = {},
  view: ViewDefaults = {},
  module: SseStreamOptions = {},
): ReturnType<typeof resolveRouteOptions> => resolveRouteOptions(module, view, route, WHERE);

const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(SseConfigurationError);
    return (error as Error).message;
  }
  throw new Error('Nothing was thrown');
};

/** Each stream option with values that cannot work, and what its rule says. */
const BAD: readonly [option: string, values: readonly unknown[], rule: string][] = [
  ['format', ['xml', '', null, 1], "'json' or 'text'"],
  ['headers', [null, 'X-A: 1', [], 5], 'an object of header values by name'],
  [
    'heartbeat',
    [true, 0, 49, -1, 50.5, NaN, Infinity, '15000', null],
    'false, or a whole number of milliseconds from 50',
  ],
  ['onInvalid', ['ignore', true, null, {}], "'error', 'drop' or a function"],
  [
    'onEnd',
    [
      'end',
      null,
      false,
      [],
      { event: '' },
      { event: 'a\nb' },
      { event: 'a\rb' },
      { event: 5 },
      { event: 'gap' },
      { event: '~end' },
      { event: 'done', id: '1' },
      { name: 'done' },
      { data: 1, raw: 'a' },
      { data: 1n },
      { data: new Map() },
      { raw: 5 },
    ],
    "'stop', 'reconnect', 'nothing' or an event: { event: 'done' }, { data: … } or { raw: '[DONE]' }",
  ],
  ['onError', ['end', 'nothing', null, false, {}, { event: 'failed' }, []], "'reconnect', 'stop' or a function"],
  ['extraneous', ['drop', true, null, ''], "'strip', 'keep' or 'refuse'"],
  ['validationTimeout', [0, -1, 1.5, NaN, Infinity, '10s', null, false], 'a whole number of milliseconds from 1'],
  ['openAfter', [-1, 1.5, NaN, Infinity, '100', null, true], 'a whole number of milliseconds from 0'],
  ['overflow', [null, 'disconnect', 5, []], 'an object'],
  ['serializerOptions', [null, 'groups', []], 'an object'],
  ['typedEvents', ['yes', 1, null], 'true or false'],
  ['eventId', ['uuid', null, 5, {}], 'a function'],
  ['retry', [-1, 1.5, NaN, Infinity, '5s', null, true], 'a whole number of milliseconds from 0'],
  ['pipe', [null, 'map', {}, []], 'a function'],
];
const EACH_BAD = BAD.flatMap(([option, values, rule]) => values.map((value) => [option, value, rule] as const));

describe('the options of a route', () => {
  it.each(EACH_BAD)('refuse %s %p and say: must be %s', (option, value, rule) => {
    const message = messageOf(() => resolve({ [option]: value } as SseRouteOptions));
    expect(message).toContain(`${WHERE}: `);
    expect(message).toContain(`${option} must be ${rule}`);
  });

  it.each([[-1], [99], ['GET'], [1.5], [null]])('refuse the method %p', (method) => {
    expect(messageOf(() => resolve({ method: method as RequestMethod }))).toContain(
      `${WHERE}: method must be a RequestMethod`,
    );
  });

  it.each([
    [{ maxBytes: 0 }],
    [{ maxBytes: 1.5 }],
    [{ maxBytes: '1mb' }],
    [{ timeout: 0 }],
    [{ policy: 'drop-oldest' }],
  ])('refuse the overflow %j and name the place inside', (overflow) => {
    expect(messageOf(() => resolve({ overflow } as unknown as SseRouteOptions))).toMatch(
      new RegExp(`^${WHERE} overflow: ${Object.keys(overflow)[0]} must be `),
    );
  });

  it.each(['hearbeat', 'maxDuration', 'constructor', 'toString', 'shutdown'])(
    'refuse the unknown option %s and list those that there are',
    (option) => {
      const message = messageOf(() => resolve({ [option]: 5 } as SseRouteOptions));
      expect(message).toContain(`${WHERE}: there is no option "${option}"`);
      expect(message).toContain('heartbeat, onInvalid, onEnd');
    },
  );

  it.each([
    ['hearbeat', 'heartbeat'],
    ['HeartBeat', 'heartbeat'],
    ['ontEnd', 'onEnd'],
    ['eventid', 'eventId'],
    ['schema', 'responseSchema'],
    ['extranous', 'extraneous'],
    ['rety', 'retry'],
    ['onInvaild', 'onInvalid'],
  ])('suggest for the unknown option %s that %s is meant', (option, meant) => {
    expect(messageOf(() => resolve({ [option]: 5 } as SseRouteOptions))).toContain(
      `${WHERE}: there is no option "${option}". Did you mean "${meant}"? Options are format, `,
    );
  });

  it.each(['x', 'maxDuration', 'constructor', 'compression'])(
    'suggest nothing for %s, which is like none',
    (option) => {
      expect(messageOf(() => resolve({ [option]: 5 } as SseRouteOptions))).toContain(
        `${WHERE}: there is no option "${option}". Options are format, `,
      );
    },
  );

  it('refuse a class without one rule as a schema, and say what to do', () => {
    class Anything {
      a?: unknown;
    }
    class Inheriting extends Price {}
    const message =
      `${WHERE}: the class Anything has no decorator of class-validator: as a schema it validates nothing. Add decorators to ` +
      'its properties (@Allow() to those of any value), or use a Standard Schema (zod, valibot, arktype)';
    for (const responseSchema of [Anything, ServerSentEvent(Anything), { price: Price, any: Anything }]) {
      expect(messageOf(() => resolve({ responseSchema }))).toBe(message);
    }
    expect(() => resolve({ responseSchema: Inheriting })).not.toThrow();
  });

  it('refuse an unknown option of overflow', () => {
    expect(messageOf(() => resolve({ overflow: { max: 5 } } as unknown as SseRouteOptions))).toContain(
      `${WHERE} overflow: there is no option "max"`,
    );
  });

  it.each([
    ['a b', '1'],
    ['', '1'],
    ['X-Ä', '1'],
    ['X-A', 'a\nb'],
    ['X-A', 'a\0b'],
    ['X-A', '日本'],
    ['X-A', null],
    ['X-A', {}],
  ])('refuse the header %j: %j', (name, value) => {
    const headers = { [name]: value } as Record<string, string>;
    expect(messageOf(() => resolve({ headers }))).toContain(`${WHERE}: `);
    expect(messageOf(() => resolve({}, { headers }))).toContain(`${WHERE}: `);
  });

  it.each([[null], ['X-A: 1'], [[]]])("refuse a view's static headers %j", (headers) => {
    expect(messageOf(() => resolve({}, { headers } as unknown as ViewDefaults))).toContain(
      `${WHERE}: headers must be an object`,
    );
  });

  it.each([[null], [5], ['Price'], [[]], [{}], [() => 1]])('refuse the responseSchema %p', (schema) => {
    const view = { responseSchema: schema };
    expect(messageOf(() => resolve({}, view))).toContain(`${WHERE}: responseSchema must be a class`);
  });

  it('refuse a record with a member that is no schema, and name it', () => {
    expect(messageOf(() => resolve({}, { responseSchema: { price: Price, halt: 'Halt' } }))).toContain(
      `${WHERE}: responseSchema.halt must be a class or a Standard Schema`,
    );
  });

  it.each([[5], ['events'], [null]])('refuse %p in the place of the options', (options) => {
    expect(messageOf(() => resolve(options as unknown as SseRouteOptions))).toContain(WHERE);
  });

  it.each([
    [{ heartbeat: 50 }],
    [{ heartbeat: false }],
    [{ retry: 0, openAfter: 0 }],
    [{ overflow: { maxBytes: 1, timeout: 1, policy: 'disconnect' } }],
    [{ onEnd: 'stop' }],
    [{ onEnd: 'reconnect' }],
    [{ onEnd: 'nothing' }],
    [{ onEnd: {} }],
    [{ onEnd: { event: 'done' } }],
    [{ onEnd: { event: 'end', data: { total: 5 } } }],
    [{ onEnd: { data: null } }],
    [{ onEnd: { raw: '[DONE]' } }],
    [{ onError: 'reconnect' }],
    [{ onError: 'stop' }],
    [{ onError: () => undefined }],
    [{ headers: { 'X-A': undefined, 'X-B': 5, 'X-C': ['a', 'b'] } }],
    [{ method: RequestMethod.GET }],
    [{ method: RequestMethod.POST }],
    [{ responseSchema: Price }],
    [{ responseSchema: z.string() }],
    [{ responseSchema: { price: Price, text: z.string() } }],
    [{ heartbeat: undefined, pipe: undefined, responseSchema: undefined }],
  ] as [SseRouteOptions][])('take %p', (options) => {
    expect(() => resolve(options)).not.toThrow();
  });
});

describe("the module's options", () => {
  it.each(EACH_BAD)('refuse %s %p and say: must be %s', (option, value, rule) => {
    const message = messageOf(() => resolveModuleOptions({ [option]: value }));
    expect(message).toContain('SseModule.forRoot(): ');
    expect(message).toContain(`${option} must be ${rule}`);
  });

  it.each(['grace', 'retry'])('refuse a shutdown.%s that is no time', (option) => {
    for (const value of [-1, 1.5, '5s', null, NaN]) {
      expect(messageOf(() => resolveModuleOptions({ shutdown: { [option]: value } }))).toContain(
        `SseModule.forRoot() shutdown: ${option} must be a whole number of milliseconds from 0`,
      );
    }
  });

  it.each([[null], [5], ['fast'], [[]]])('refuse the shutdown %p', (shutdown) => {
    expect(messageOf(() => resolveModuleOptions({ shutdown } as unknown as SseModuleOptions))).toContain('shutdown');
  });

  it.each(['method', 'responseSchema', 'limits', 'constructor'])('refuse %s, which no module has', (option) => {
    expect(messageOf(() => resolveModuleOptions({ [option]: 5 }))).toContain(
      `SseModule.forRoot(): there is no option "${option}"`,
    );
    expect(messageOf(() => resolveModuleOptions({ shutdown: { [option]: 5 } }))).toContain(
      `SseModule.forRoot() shutdown: there is no option "${option}"`,
    );
  });

  it.each([
    ['backplan', 'backplane'],
    ['shutDown', 'shutdown'],
  ])('name all options of the module, and suggest for %s that %s is meant', (option, meant) => {
    const message = messageOf(() => resolveModuleOptions({ [option]: 5 }));
    expect(message).toContain(`there is no option "${option}". Did you mean "${meant}"? Options are format, `);
    expect(message).toMatch(/, backplane, shutdown$/);
  });

  it('refuse a header that HTTP does not allow', () => {
    expect(messageOf(() => resolveModuleOptions({ headers: { 'a b': '1' } }))).toContain('SseModule.forRoot(): ');
  });

  it('give the shutdown its defaults, one by one', () => {
    expect(resolveModuleOptions({}).shutdown).toEqual({ grace: 5_000, retry: 1_000 });
    expect(resolveModuleOptions({ shutdown: { grace: 0 } }).shutdown).toEqual({ grace: 0, retry: 1_000 });
    expect(resolveModuleOptions({ shutdown: { retry: 7, grace: undefined } }).shutdown).toEqual({
      grace: 5_000,
      retry: 7,
    });
  });
});

describe('what a stream goes by', () => {
  it('is the documented default where nobody says anything', () => {
    const { stream, schema, typedEvents } = resolve();
    const { eventId, ...rest } = stream;
    expect(rest).toEqual({
      format: 'json',
      headers: {},
      heartbeat: 15_000,
      nameOfData: undefined,
      onEnd: 'stop',
      onError: 'reconnect',
      onInvalid: 'error',
      openAfter: 100,
      overflow: { maxBytes: 1_048_576, policy: 'disconnect', timeout: 30_000 },
      validate: undefined,
      pipe: undefined,
      retry: undefined,
    });
    expect([schema, typedEvents]).toEqual([undefined, false]);
    expect(eventId({ data: 1 })).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(eventId({ data: 1 })).not.toBe(eventId({ data: 1 }));
  });

  const fromModule = {
    format: 'text',
    heartbeat: 100,
    onEnd: 'reconnect',
    onError: 'stop',
    onInvalid: 'drop',
    openAfter: 1,
    retry: 1,
    eventId: () => 'module',
    pipe: (events$) => events$,
  } as const satisfies SseStreamOptions;
  const fromRoute = {
    format: 'json',
    heartbeat: false,
    onEnd: { event: 'done' },
    onError: () => undefined,
    onInvalid: () => undefined,
    openAfter: 0,
    retry: 0,
    eventId: () => 'route',
    pipe: (events$) => events$,
  } as const satisfies SseRouteOptions;

  it('is what the module says, before the defaults', () => {
    expect(resolve({}, {}, fromModule).stream).toMatchObject(fromModule);
  });

  it('is what the route says, before the module', () => {
    expect(resolve(fromRoute, {}, fromModule).stream).toMatchObject(fromRoute);
  });

  it('is not hidden by undefined in a nearer place', () => {
    const silent = Object.fromEntries(Object.keys(fromModule).map((name) => [name, undefined]));
    expect(resolve(silent, {}, fromModule).stream).toMatchObject(fromModule);
    expect(resolve({}, {}, silent).stream).toMatchObject({ heartbeat: 15_000, openAfter: 100, format: 'json' });
  });

  it('puts overflow together from each place', () => {
    const module = { overflow: { maxBytes: 5, timeout: 6 } };
    expect(resolve({ overflow: { timeout: 7 } }, {}, module).stream.overflow).toEqual({
      maxBytes: 5,
      policy: 'disconnect',
      timeout: 7,
    });
    expect(resolve({ overflow: { timeout: undefined } }, {}, module).stream.overflow.timeout).toBe(6);
  });

  it('tells the options that the route itself gives from all others, for a view to come between', () => {
    expect(resolve({}, {}, fromModule).own).toEqual({ eventId: undefined, retry: undefined, pipe: undefined });
    const { eventId, retry, pipe } = fromRoute;
    expect(resolve(fromRoute, {}, fromModule).own).toEqual({ eventId, retry, pipe });
  });

  it("puts headers together: the module's, then the view's, then the route's", () => {
    const module = { headers: { 'X-M': 'm', 'X-V': 'm', 'X-R': 'm' } };
    const view = { headers: { 'X-V': 'v', 'X-R': 'v' } };
    expect(resolve({ headers: { 'X-R': 'r' } }, view, module).stream.headers).toEqual({
      'X-M': 'm',
      'X-V': 'v',
      'X-R': 'r',
    });
  });

  it('keeps a header that is undefined, which takes one away', () => {
    const { headers } = resolve({ headers: { 'X-A': undefined } }, {}, { headers: { 'X-A': 'm' } }).stream;
    expect(headers).toHaveProperty('X-A', undefined);
  });

  it("takes the route's schema, before the view's", () => {
    expect(resolve({ responseSchema: Price }, { responseSchema: z.string() }).schema).toMatchObject({
      kind: 'class',
      model: Price,
    });
    expect(resolve({}, { responseSchema: z.string() }).schema?.kind).toBe('standard');
  });

  it('names events after the class of their data, or the model, with typedEvents', () => {
    class Halt {
      reason!: string;
    }
    const typed = { typedEvents: true, responseSchema: Price };
    const { nameOfData } = resolve(typed).stream;
    expect(nameOfData?.(new Halt())).toBe('Halt');
    expect(nameOfData?.({ symbol: 'ACME' })).toBe('Price');
    expect(resolve({ ...typed, typedEvents: false }, {}, { typedEvents: true }).stream.nameOfData).toBeUndefined();
  });
});
