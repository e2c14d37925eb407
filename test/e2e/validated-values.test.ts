import { Controller, ValidationPipe } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { Allow, IsInt, IsNumber, IsString, ValidateNested } from 'class-validator';
import { of, Subject } from 'rxjs';
import { z } from 'zod';
import {
  LastEventId,
  ServerSentEvent,
  SseConnections,
  SseRoute,
  SseSignal,
  type SseMessage,
  type SseModuleOptions,
  type SseRouteOptions,
  type SseSource,
  type SseValidationError,
  type StandardSchema,
} from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp, type TestApp } from '../support/app';
import { RawClient } from '../support/raw-client';
import { fetchEvents, parseEvents } from '../support/read-events';
import { until } from '../support/until';

/** What an event of a test comes to: its name and its data. */
type Seen = [event: string | undefined, data: unknown];

const ERROR_EVENT: Seen = ['stream-error', { type: 'about:blank', title: 'Internal Server Error', status: 500 }];

const schemaOf = (validate: (value: unknown) => unknown): StandardSchema =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as StandardSchema;

class ObjectId {
  readonly #hex: string;
  constructor(hex: string) {
    this.#hex = hex.toLowerCase();
  }
  toJSON(): string {
    return this.#hex;
  }
}

class Price {
  @IsString() symbol!: string;
  @IsNumber() price!: number;
}

class Pet {
  @IsString() name!: string;
}
class Dog extends Pet {
  @IsInt() barks!: number;
}
class Owner {
  @ValidateNested()
  @Type(() => Pet, { discriminator: { property: 'kind', subTypes: [{ name: 'dog', value: Dog }] } })
  pet!: Pet;
}
class Needy {
  @Allow() length: number;
  constructor(text: string) {
    this.length = text.length;
  }
}

/** As `createZodDto()` of nestjs-zod 5.5 makes them; that package does not install beside Nest 12. */
function createZodDto<S extends z.ZodType>(schema: S) {
  class AugmentedZodDto {
    static readonly isZodDto = true;
    static readonly schema = schema;
    static readonly codec = false;
    static create(input: unknown): z.output<S> {
      return this.schema.parse(input);
    }
    static _OPENAPI_METADATA_FACTORY(): Record<string, unknown> {
      return { symbol: { type: () => String, required: true } };
    }
  }
  return AugmentedZodDto as unknown as Omit<typeof AugmentedZodDto, 'prototype'> & (new () => z.output<S>);
}

describe.each(ADAPTERS)('validated data, on %s', (adapter) => {
  afterEach(closeApps);

  const serve = (source: () => unknown, route: SseRouteOptions = {}, sse: SseModuleOptions = {}): Promise<TestApp> => {
    @Controller('stream')
    class StreamController {
      @SseRoute(route)
      stream(): SseSource {
        return source() as SseSource;
      }
    }
    return startApp(adapter, { controllers: [StreamController], sse });
  };

  const seen = async ({ url }: TestApp): Promise<Seen[]> =>
    (await fetchEvents(`${url}/stream`)).map(({ event, data }) => [event, data]);

  const send = async (
    events: Iterable<unknown>,
    route: SseRouteOptions = {},
    sse?: SseModuleOptions,
  ): Promise<Seen[]> => seen(await serve(() => events, route, sse));

  const dataOf = (events: readonly Seen[]): unknown[] => events.map(([, data]) => data);

  const logged = (app: TestApp, level: string): string[] =>
    app.log.filter((line) => line.level === level).map(({ message }) => message);

  const dropped = (app: TestApp): number => app.app.get(SseConnections).counts.dropped;

  describe('that have a toJSON of their own', () => {
    class Row {
      @Allow() key: unknown;
    }

    it('are written as it says, from plain objects and instances', async () => {
      const key = new ObjectId('AB12');
      expect(dataOf(await send([{ key }, Object.assign(new Row(), { key })], { responseSchema: Row }))).toEqual([
        { key: 'ab12' },
        { key: 'ab12' },
      ]);
    });
  });

  describe('for which the schema throws', () => {
    const cases: [string, SseRouteOptions['responseSchema'], unknown, unknown, string][] = [
      [
        'an unknown value of a discriminator',
        Owner,
        { pet: { kind: 'cat', name: 'a' } },
        { pet: { kind: 'dog', name: 'a', barks: 1 } },
        'pet: must have one of "dog" as "kind"',
      ],
      [
        'a model whose constructor takes arguments',
        Needy,
        { length: 3 },
        new Needy('abc'),
        'cannot be made an object of the class Needy',
      ],
      [
        'a schema of the application',
        schemaOf((value) => {
          if (value === 'bad') {
            throw new Error('a bug of the schema');
          }
          return { value };
        }),
        'bad',
        'good',
        'the schema threw an error: a bug of the schema',
      ],
      [
        'an asynchronous one',
        schemaOf(async (value) => {
          if (value === 'bad') {
            throw new Error('a bug of the schema');
          }
          return { value };
        }),
        'bad',
        'good',
        'the schema threw an error: a bug of the schema',
      ],
    ];

    it.each(cases)(
      "are dropped with 'drop', counted, and the log has the cause: %s",
      async (_name, schema, bad, good, message) => {
        const expected = JSON.parse(JSON.stringify(good)) as unknown;
        const app = await serve(() => [bad, { data: good }, bad, { data: good }], {
          responseSchema: schema!,
          onInvalid: 'drop',
        });
        expect(dataOf(await seen(app))).toEqual([expected, expected]);
        expect(dropped(app)).toBe(2);
        expect(logged(app, 'warn').filter((line) => line.includes(message))).toHaveLength(2);
        const causes = logged(app, 'error');
        expect(causes.length).toBeGreaterThan(0);
        expect(causes[0]).toMatch(
          /^StreamController\.stream: the schema threw an error, so the event is invalid .*Error: /s,
        );
      },
    );

    it.each(cases)(
      "end the stream with 'error', and the log says what to do: %s",
      async (_name, schema, bad, good, message) => {
        const expected = JSON.parse(JSON.stringify(good)) as unknown;
        const app = await serve(() => [{ data: good }, bad, { data: good }], { responseSchema: schema! });
        expect(await seen(app)).toEqual([[undefined, expected], ERROR_EVENT]);
        expect(logged(app, 'error').join('\n')).toContain(message);
      },
    );

    it.each(cases)(
      'are given to a function as an SseValidationError: %s',
      async (_name, schema, bad, _good, message) => {
        const errors: SseValidationError[] = [];
        const onInvalid = (error: SseValidationError): unknown => {
          errors.push(error);
          return { event: 'replaced', data: 1 };
        };
        const app = await serve(() => [bad], { responseSchema: schema!, onInvalid });
        expect(await seen(app)).toEqual([['replaced', 1]]);
        expect(errors[0]).toMatchObject({ code: 'SSE_INVALID_DATA', cause: expect.any(Error) });
        expect(errors[0]!.message).toContain(message);
        expect(logged(app, 'error')).toHaveLength(1);
      },
    );
  });

  describe('whose schema gives what JSON cannot express', () => {
    const nothing = z.number().transform((n) => (n === 0 ? undefined : n));
    const deep = z.number().transform((n) => ({ deep: [n === 0 ? 10n : n] }));

    it.each([
      ['undefined', nothing, 1],
      ['a bigint inside', deep, { deep: [1] }],
    ])('are invalid: %s', async (_what, responseSchema, good) => {
      const app = await serve(() => [0, 1, 0], { responseSchema, onInvalid: 'drop' });
      expect(dataOf(await seen(app))).toEqual([good]);
      expect(dropped(app)).toBe(2);
      expect(logged(app, 'warn').filter((line) => line.includes('dropped an event'))).toHaveLength(2);

      expect(await send([1, 0, 1], { responseSchema })).toEqual([[undefined, good], ERROR_EVENT]);

      const given: [SseValidationError, SseMessage][] = [];
      const onInvalid = (error: SseValidationError, event: SseMessage): unknown => {
        given.push([error, event]);
        return { event: 'replaced', data: 'x' };
      };
      expect(await send([0, 1], { responseSchema, onInvalid })).toEqual([
        ['replaced', 'x'],
        [undefined, good],
      ]);
      expect(given[0]![0]).toMatchObject({ code: 'SSE_INVALID_DATA' });
      const failing = (): never => {
        throw new Error('enough');
      };
      expect(await send([1, 0, 1], { responseSchema, onInvalid: failing })).toEqual([[undefined, good], ERROR_EVENT]);
    });

    it('are invalid after pipe, too', async () => {
      const route: SseRouteOptions = { responseSchema: deep, onInvalid: 'drop', pipe: (events$) => events$ };
      expect(dataOf(await send([0, 1], route))).toEqual([{ deep: [1] }]);
    });
  });

  describe('by a class that carries a Standard Schema', () => {
    class PriceDto extends createZodDto(z.object({ symbol: z.string().toUpperCase(), price: z.number() })) {}
    const schema = z.object({ symbol: z.string() });
    class ItsOwn {
      static readonly '~standard' = schema['~standard'];
    }

    it.each<[string, NonNullable<SseRouteOptions['responseSchema']>]>([
      ['a DTO of nestjs-zod', PriceDto],
      ['ServerSentEvent() of one', ServerSentEvent(PriceDto)],
      ['a class that is a schema itself', ItsOwn],
    ])('are judged by that schema, and what it does not know is not sent: %s', async (_name, responseSchema) => {
      const app = await serve(() => [{ symbol: 'ACME', price: 1, secret: 2 }, { symbol: 5 }], { responseSchema });
      const [[, data], error] = (await seen(app)) as [Seen, Seen];
      expect(data).not.toHaveProperty('secret');
      expect(data).toMatchObject({ symbol: 'ACME' });
      expect(error).toEqual(ERROR_EVENT);
      expect(logged(app, 'error').join('\n')).toContain('symbol: ');
    });

    it('are judged so in a record, and named after the class with typedEvents', async () => {
      const valid = { symbol: 'acme', price: 1 };
      expect(await send([{ event: 'price', data: valid }], { responseSchema: { price: PriceDto } })).toEqual([
        ['price', { symbol: 'ACME', price: 1 }],
      ]);
      expect(await send([valid], { responseSchema: PriceDto, typedEvents: true })).toEqual([
        ['PriceDto', { symbol: 'ACME', price: 1 }],
      ]);
    });

    it('are documented by that schema', async () => {
      const { app } = await serve(() => [], { responseSchema: PriceDto });
      const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
      expect(JSON.stringify(document.paths['/stream']!.get!.responses['200'])).toContain('"price"');
    });
  });

  describe('with properties that their class does not declare', () => {
    const row = { symbol: 'ACME', price: 1, password: 'p' };
    const stripped = { symbol: 'ACME', price: 1 };

    it('are sent without them', async () => {
      const instance = Object.assign(new Price(), row);
      expect(dataOf(await send([row, instance], { responseSchema: Price }))).toEqual([stripped, stripped]);
      expect(instance).toEqual(row);
    });

    it("are sent with them with 'keep', and are invalid with 'refuse'", async () => {
      expect(dataOf(await send([row], { responseSchema: Price, extraneous: 'keep' }))).toEqual([row]);
      const app = await serve(() => [stripped, row], { responseSchema: Price, extraneous: 'refuse' });
      expect(await seen(app)).toEqual([[undefined, stripped], ERROR_EVENT]);
      expect(logged(app, 'error').join('\n')).toContain('password: property password should not exist');
    });

    it('are handled as the module says where the route says nothing', async () => {
      expect(dataOf(await send([row], { responseSchema: Price }, { extraneous: 'keep' }))).toEqual([row]);
      const both = { responseSchema: { price: Price }, extraneous: 'strip' } as const;
      expect(await send([{ event: 'price', data: row }], both, { extraneous: 'keep' })).toEqual([['price', stripped]]);
    });
  });

  describe('that are never judged', () => {
    /** Never answers for 0. */
    const silent = schemaOf((value) => (value === 0 ? new Promise(() => {}) : Promise.resolve({ value })));

    it('end the stream after validationTimeout, and the log says why', async () => {
      const app = await serve(() => [1, 0, 2], { responseSchema: silent, validationTimeout: 20 });
      expect(await seen(app)).toEqual([[undefined, 1], ERROR_EVENT]);
      const why = 'The schema has not answered within 20 ms (validationTimeout)';
      expect(logged(app, 'error').filter((line) => line.includes(why))).toHaveLength(1);
    });

    it("are dropped with 'drop', and those after them are sent, pulled or pushed", async () => {
      for (const source of [() => [1, 0, 2], () => of(1, 0, 2)]) {
        const app = await serve(source, { responseSchema: silent, onInvalid: 'drop' }, { validationTimeout: 20 });
        expect(dataOf(await seen(app))).toEqual([1, 2]);
        expect(dropped(app)).toBe(1);
      }
    });

    it('leave nothing behind when their client leaves', async () => {
      const source = new Subject<number>();
      const app = await serve(() => source, { responseSchema: silent, validationTimeout: 50 });
      const client = new RawClient(app.port, '/stream');
      await until(() => client.head !== '');
      source.next(0);
      client.leave();
      await until(() => !source.observed);
      const other = new RawClient(app.port, '/stream');
      await until(() => other.head !== '');
      source.next(5);
      await other.untilBody((body) => parseEvents(body).some(({ data }) => data === '5'));
      other.leave();
      expect(logged(app, 'error')).toEqual([]);
    });
  });

  describe('and pipes that validate parameters of decorators', () => {
    it.each([
      ['as they are', {}],
      ['and transform', { transform: true }],
      ['and know properties', { transform: true, whitelist: true, forbidNonWhitelisted: true }],
    ])('leave the signal and the last id, %s', async (_name, options) => {
      const given: unknown[] = [];
      class Base {
        @SseRoute('inherited')
        async *inherited(@SseSignal() signal: AbortSignal, @LastEventId() id: string) {
          given.push(signal, id);
          yield 1;
        }
      }
      @Controller()
      class StreamController extends Base {
        @SseRoute('stream')
        async *stream(@LastEventId() id: string | undefined, @SseSignal() signal: AbortSignal) {
          given.push(signal, id);
          yield 1;
        }
      }
      const app = await startApp(adapter, {
        controllers: [StreamController],
        prepare: (nest) => nest.useGlobalPipes(new ValidationPipe({ validateCustomDecorators: true, ...options })),
      });
      for (const path of ['stream', 'inherited']) {
        for (const id of ['7', undefined]) {
          const response = await fetch(`${app.url}/${path}`, {
            headers: id === undefined ? {} : { 'Last-Event-ID': id },
          });
          expect(response.status).toBe(200);
          expect(parseEvents(await response.text())[0]).toMatchObject({ data: '1' });
          expect(given.splice(0)).toEqual([expect.any(AbortSignal), id]);
        }
      }
    });
  });
});
