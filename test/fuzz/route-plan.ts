import { filter, map, mergeMap, of, type Observable } from 'rxjs';
import type { EventId, OnEnd, OnError, PipeEvents, SseFormat, SseMessage, SseRouteOptions } from 'nestjs-sse-views';
import type { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { ANY_TIME, type Sent } from './expectation';
import type { Meaning } from './meaning';
import type { ModelMessage, ModelRoute } from './model';
import { rejected } from './strings';

/** The options of a route, and what they do, said a second time for the model. */
export interface RoutePlan {
  readonly name: string;
  readonly options: SseRouteOptions;
  readonly model: Omit<ModelRoute, 'isPushed'>;
  /** What the end of a stream adds. */
  readonly end: readonly Sent[];
  /** What an error after the first event adds. */
  readonly failure: readonly Sent[];
  /** What the opening adds. */
  readonly opening: readonly Sent[];
}

interface Choice<T, M> {
  readonly name: string;
  readonly option: T;
  readonly model: M;
}

const choice = <T, M>(name: string, option: T, model: M): Choice<T, M> => ({ name, option, model });

const END_ID = '~end';
const end = (type: string, data: string): Sent => ({ event: { type, data, id: END_ID } });
const STREAM_ERROR: Sent = {
  event: {
    type: 'stream-error',
    data: '{"type":"about:blank","title":"Internal Server Error","status":500}',
    id: undefined,
  },
};

const ON_END: readonly Choice<OnEnd | undefined, readonly Sent[]>[] = [
  choice('the default', undefined, [end('end', '')]),
  choice("'stop'", 'stop', [end('end', '')]),
  choice("'reconnect'", 'reconnect', [{ retry: ANY_TIME }]),
  choice("'nothing'", 'nothing', []),
  choice('{ event }', { event: 'done' }, [end('done', '')]),
  choice('{ data }', { data: { text: 'a\nb' } }, [end('message', '{"text":"a\\nb"}')]),
  choice('{ raw }', { raw: 'a\r\rb' }, [end('message', 'a\n\nb')]),
  choice('{ event, data }', { event: 'bye', data: null }, [end('bye', 'null')]),
];

const TELLS: readonly Sent[] = [{ ...STREAM_ERROR, retry: ANY_TIME }];

const ON_ERROR: readonly Choice<OnError | undefined, readonly Sent[]>[] = [
  choice('the default', undefined, TELLS),
  choice("'reconnect'", 'reconnect', TELLS),
  choice("'stop'", 'stop', [STREAM_ERROR, end('end', '')]),
  choice('a function: an event', () => ({ event: 'failed', data: 'a\nb' }), [
    { event: { type: 'failed', data: '"a\\nb"', id: undefined }, retry: ANY_TIME },
  ]),
  choice('a function: undefined', () => undefined, [{ retry: ANY_TIME }]),
  choice("a function: 'stop'", () => 'stop', [STREAM_ERROR, end('end', '')]),
  choice(
    'a function that throws',
    () => {
      throw new Error('onError');
    },
    TELLS,
  ),
  choice('a function: an injection', () => ({ event: 'a\n\ndata: injected', data: 1 }), TELLS),
  choice('a function: a promise that fails', (() => rejected()) as unknown as OnError, TELLS),
];

const refused = (): never => {
  throw new Error('the model refuses it');
};

const A_PROMISE = 'a promise that fails';

const EVENT_ID: readonly Choice<EventId | undefined, ModelRoute['eventId']>[] = [
  choice('the default', undefined, 'uuid'),
  choice('the default', undefined, 'uuid'),
  choice(
    'none',
    () => undefined,
    () => undefined,
  ),
  choice(A_PROMISE, (() => rejected()) as unknown as EventId, refused),
  choice(
    'a number',
    () => 7,
    () => 7,
  ),
  ...(
    [
      ['the data', ({ data }: Pick<SseMessage, 'data'>) => (typeof data === 'string' ? data : undefined)],
      ['the data, a number', ({ data }: Pick<SseMessage, 'data'>) => (typeof data === 'number' ? data : undefined)],
      ['an object', () => ({ toString: () => 'a\nb' })],
      [
        'one that throws',
        ({ data }: Pick<SseMessage, 'data'>) => {
          if (typeof data === 'number') {
            throw new Error('eventId');
          }
          return undefined;
        },
      ],
    ] as [string, EventId][]
  ).map(([name, eventId]) => choice(name, eventId, (message: ModelMessage) => eventId({ data: message.data }))),
];

type ModelPipe = NonNullable<ModelRoute['pipe']>;

const none = { event: undefined, id: undefined, retry: undefined, comment: undefined, raw: undefined };

const PIPE: readonly Choice<PipeEvents | undefined, ModelPipe | undefined>[] = [
  ...Array.from({ length: 6 }, () =>
    choice<PipeEvents | undefined, ModelPipe | undefined>('none', undefined, undefined),
  ),
  choice<PipeEvents, ModelPipe>(
    'all as they are',
    (events$) => events$.pipe(map((event) => event)),
    (one) => [one],
  ),
  choice<PipeEvents, ModelPipe>(
    'copies',
    (events$) => events$.pipe(map((event) => ({ ...event }))),
    (one) => [one],
  ),
  choice<PipeEvents, ModelPipe>(
    'another name',
    (events$) => events$.pipe(map((event) => ({ ...event, event: 'renamed' }))),
    (one) => [{ ...one, event: 'renamed' }],
  ),
  choice<PipeEvents, ModelPipe>(
    'the name as Nest has it',
    ((events$: Observable<SseMessage>) =>
      events$.pipe(map(({ event: type, ...rest }) => ({ ...rest, type })))) as PipeEvents,
    (one) => [one],
  ),
  choice<PipeEvents, ModelPipe>(
    'each twice',
    (events$) => events$.pipe(mergeMap((event) => of(event, event))),
    (one) => [one, one],
  ),
  choice<PipeEvents, ModelPipe>(
    'those without a name',
    (events$) => events$.pipe(filter(({ event }) => event === undefined)),
    (one) => (one.event === undefined ? [one] : []),
  ),
  choice<PipeEvents, ModelPipe>(
    'a row in the place of numbers',
    ((events$: Observable<SseMessage>) =>
      events$.pipe(map((event) => (typeof event.data === 'number' ? { price: 1 } : event)))) as PipeEvents,
    (one) => (typeof one.data === 'number' ? refused() : [one]),
  ),
  choice<PipeEvents, ModelPipe>(
    'text in the place of numbers',
    (events$) =>
      events$.pipe(
        map((event) => (typeof event.data === 'number' ? { event: 'a', raw: 'x\r\ny', comment: '\r' } : event)),
      ),
    (one) =>
      typeof one.data === 'number'
        ? [
            {
              ...none,
              data: undefined,
              json: undefined,
              isExpressible: 'yes',
              event: 'a',
              raw: 'x\r\ny',
              comment: '\r',
            },
          ]
        : [one],
  ),
  choice<PipeEvents, ModelPipe>(
    'an error for numbers',
    (events$) =>
      events$.pipe(
        map((event) => {
          if (typeof event.data === 'number') {
            throw new Error('pipe');
          }
          return event;
        }),
      ),
    (one) => (typeof one.data === 'number' ? refused() : [one]),
  ),
];

type ModelSchema = NonNullable<ModelRoute['schema']>;
export type TestSchema = 'none' | 'at once' | 'later' | 'another output';

/** Negative numbers do not fit, nor some texts; in one form texts become objects. */
export const modelSchema = (kind: TestSchema): ModelSchema | undefined => {
  if (kind === 'none') {
    return undefined;
  }
  return (data) => {
    if ((typeof data === 'number' && data < 0) || (typeof data === 'string' && data.length % 5 === 4)) {
      return undefined;
    }
    return kind === 'another output' && typeof data === 'string' ? { data: { text: data } } : {};
  };
};

/** The same as a Standard Schema. */
export function standardSchema(kind: TestSchema): object | undefined {
  const model = modelSchema(kind);
  if (!model) {
    return undefined;
  }
  const validate = (data: unknown): object => {
    const valid = model(data);
    return valid ? { value: 'data' in valid ? valid.data : data } : { issues: [{ message: 'does not\n\ndata: fit' }] };
  };
  return {
    '~standard': {
      version: 1,
      vendor: 'fuzz',
      validate: kind === 'later' ? async (data: unknown) => validate(data) : validate,
    },
  };
}

const SCHEMAS: readonly TestSchema[] = ['none', 'none', 'none', 'at once', 'later', 'another output'];

type OnInvalid = NonNullable<SseRouteOptions['onInvalid']>;
const sound = (data: unknown): { readonly value: unknown; readonly isExpressible: 'yes' } => ({
  value: data,
  isExpressible: 'yes',
});

const ON_INVALID: readonly Choice<OnInvalid | undefined, (() => Meaning | undefined) | undefined>[] = [
  choice('the default', undefined, undefined),
  choice("'drop'", 'drop', () => undefined),
  choice("'drop'", 'drop', () => undefined),
  choice(
    'a function: undefined',
    () => undefined,
    () => undefined,
  ),
  choice(
    'a function: an event',
    () => ({ event: 'invalid', data: 'a\nb' }),
    () => ({ is: 'envelope', fields: { event: 'invalid', data: sound('a\nb') } }),
  ),
  choice(
    'a function: an injection',
    () => ({ event: 'a\n\ndata: injected', data: 1 }),
    () => ({ is: 'envelope', fields: { event: 'a\n', data: sound(1) } }),
  ),
  choice('a function that throws', refused, refused),
  choice(
    'a function: a promise that fails',
    () => rejected(),
    () => ({ is: 'impossible' }),
  ),
];

/** A route of any options. */
export function routePlan(random: SeededRandom): RoutePlan {
  const format: SseFormat = random.below(5) === 0 ? 'text' : 'json';
  const typedEvents = random.below(4) === 0;
  const schema = random.pick(SCHEMAS);
  const retry = random.below(4) === 0 ? random.below(10_000) : undefined;
  const [onEnd, onError, pipe] = [random.pick(ON_END), random.pick(ON_ERROR), random.pick(PIPE)];
  // Operators may take an id away that is to be refused.
  const eventId = random.pick(pipe.option ? EVENT_ID.filter(({ name }) => name !== A_PROMISE) : EVENT_ID);
  const onInvalid = schema === 'none' ? ON_INVALID[0]! : random.pick(ON_INVALID);
  const name =
    `format ${format}, typedEvents ${typedEvents}, schema ${schema}, onInvalid ${onInvalid.name}, eventId ${eventId.name}, ` +
    `pipe ${pipe.name}, onEnd ${onEnd.name}, onError ${onError.name}, retry ${retry ?? 'none'}`;
  return {
    name,
    options: {
      format,
      typedEvents,
      heartbeat: false,
      // What a source pushes at once waits for the client.
      overflow: { maxBytes: 2 ** 30 },
      ...(schema !== 'none' && { responseSchema: standardSchema(schema) as never }),
      ...defined({
        retry,
        onEnd: onEnd.option,
        onError: onError.option,
        onInvalid: onInvalid.option,
        eventId: eventId.option,
        pipe: pipe.option,
      }),
    },
    model: {
      format,
      typedEvents,
      schema: modelSchema(schema),
      onInvalid: onInvalid.model,
      eventId: eventId.model,
      pipe: pipe.model,
    },
    end: onEnd.model,
    failure: onError.model,
    opening: retry === undefined ? [] : [{ retry }],
  };
}

function defined(options: SseRouteOptions): SseRouteOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
