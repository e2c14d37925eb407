import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import type { StandardSchema } from '../../src/validation/standard-schema';
import { jsonSchemaOf } from '../../src/view/openapi/json-schema-of';
import { portableSchema } from '../../src/view/openapi/portable-schema';
import { standardJsonSchema } from '../../src/view/openapi/standard-json-schema';
import { fitsIn, type OpenApiDocument } from '../support/openapi-validation';

/** Of what such an object is written as, nothing is known. */
class Session {
  toJSON(): string {
    return 'session';
  }
}

const IGNORED = { unknown: () => undefined, changed: () => undefined };

/** What a schema is in a document, and the parts that JSON Schema cannot express, or JSON. */
const converted = (schema: unknown) => {
  const losses: string[] = [];
  const changes: string[] = [];
  const json = standardJsonSchema(schema as StandardSchema, {
    unknown: (what) => losses.push(what),
    changed: (what) => changes.push(what),
  });
  const { schema: portable, components } = portableSchema(json, 'Route');
  return { schema: portable, components: Object.fromEntries(components), losses, changes };
};

const documentOf = (openapi: string, components: object): OpenApiDocument => ({
  openapi,
  paths: {},
  components: { schemas: components as Record<string, unknown> },
});

const TRADE = {
  type: 'object',
  properties: {
    symbol: { type: 'string', minLength: 1 },
    price: { type: 'number', minimum: 0, not: { enum: [0] } },
    side: { type: 'string', enum: ['buy', 'sell'] },
    note: { type: 'string', nullable: true },
    at: { type: 'string', format: 'date-time' },
  },
  required: expect.arrayContaining(['symbol', 'price', 'side', 'note', 'at']),
};

describe('the JSON Schema of a Standard Schema', () => {
  it('is that of zod, with dates as they are on the wire', () => {
    const schema = z.object({
      symbol: z.string().min(1),
      price: z.number().positive(),
      side: z.enum(['buy', 'sell']),
      note: z.string().nullable(),
      at: z.date(),
    });
    expect(converted(schema)).toEqual({
      schema: { ...TRADE, additionalProperties: false },
      components: {},
      losses: [],
      changes: [],
    });
  });

  it('is that of valibot by its converter, also where OpenAPI 3.0 has no word for it', () => {
    const schema = v.object({
      symbol: v.pipe(v.string(), v.minLength(1)),
      price: v.pipe(v.number(), v.gtValue(0)),
      side: v.picklist(['buy', 'sell']),
      note: v.nullable(v.string()),
      at: v.date(),
    });
    expect(converted(schema)).toEqual({ schema: TRADE, components: {}, losses: [], changes: [] });
  });

  it('is that of arktype', () => {
    const schema = type({
      symbol: 'string > 0',
      price: 'number > 0',
      side: "'buy' | 'sell'",
      note: 'string | null',
      at: 'Date',
    });
    expect(converted(schema)).toEqual({ schema: TRADE, components: {}, losses: [], changes: [] });
  });

  it('is of what is put out, not of what comes in', () => {
    const text = z.string().transform(Number).pipe(z.number());
    expect(converted(z.object({ n: text.default(1) })).schema).toMatchObject({ properties: { n: { type: 'number' } } });
  });

  it('is a component of the name that the schema was given', () => {
    const named = z.object({ price: z.number() }).meta({ id: 'NamedTrade' });
    expect(converted(z.object({ trade: named }))).toMatchObject({
      schema: { properties: { trade: { $ref: '#/components/schemas/NamedTrade' } } },
      components: { NamedTrade: { type: 'object' } },
    });
    expect(converted(named).schema).toEqual({ $ref: '#/components/schemas/NamedTrade' });
    const titled = v.pipe(v.object({ price: v.number() }), v.title('Titled trade'));
    expect(converted(titled).schema).toEqual({ $ref: '#/components/schemas/TitledTrade' });
  });

  it('may refer to itself', () => {
    const node = z.object({
      name: z.string(),
      get children() {
        return z.array(node);
      },
    });
    const self = { $ref: '#/components/schemas/Route' };
    const shape = { type: 'object', properties: { name: { type: 'string' } } };
    expect(converted(node)).toMatchObject({ schema: self, components: { Route: shape } });
    expect(converted(type({ name: 'string', 'next?': 'this' }))).toMatchObject({
      schema: self,
      components: { Route: shape },
    });
  });

  it('has any JSON in the place of what cannot be expressed, and says so', () => {
    const any = { properties: { name: { type: 'string' }, made: {} } };
    expect(converted(z.object({ name: z.string(), made: z.string().transform(Number) }))).toMatchObject({
      schema: any,
      losses: ['transform'],
    });
    expect(converted(v.object({ name: v.string(), made: v.pipe(v.string(), v.transform(Number)) }))).toMatchObject({
      schema: any,
      losses: ['transform'],
    });
    expect(converted(type({ name: 'string', made: type.instanceOf(Session) }))).toMatchObject({
      schema: any,
      losses: ['proto'],
    });
  });

  it('is asked for in the form in which it loses least', () => {
    const schema = v.object({ limit: v.pipe(v.number(), v.gtValue(0)), other: v.custom<string>(() => true) });
    expect(converted(schema)).toMatchObject({
      schema: { properties: { limit: { minimum: 0, not: { enum: [0] } } } },
      losses: [expect.stringContaining('custom')],
    });
  });

  it('says of a bigint that it cannot be sent, in the words of each library', () => {
    for (const schema of [z.object({ n: z.bigint() }), v.object({ n: v.bigint() }), type({ n: 'bigint' })]) {
      expect(converted(schema)).toMatchObject({
        schema: { properties: { n: { not: {} } }, required: ['n'] },
        losses: [],
        changes: ['bigint cannot be sent as JSON'],
      });
    }
  });

  it('is of what a bigint becomes where the application says so', () => {
    const prototype = BigInt.prototype as { toJSON?: () => string };
    prototype.toJSON = function (this: bigint) {
      return this.toString();
    };
    try {
      const schema = z.object({ n: z.bigint(), one: z.literal(1n) });
      expect(converted(schema)).toMatchObject({
        schema: { properties: { n: { type: 'string' }, one: { type: 'string', enum: ['1'] } } },
        changes: [],
      });
      expect(converted(type({ n: 'bigint' })).schema).toMatchObject({ properties: { n: { type: 'string' } } });
    } finally {
      delete prototype.toJSON;
    }
  });

  /** Schemas with values, each as `JSON.stringify` writes it, and how it does not. */
  const SENT: readonly (readonly [string, StandardSchema, readonly unknown[], readonly unknown[]])[] = [
    [
      'maps and sets of zod',
      z.object({ map: z.map(z.string(), z.number()), set: z.set(z.string()) }),
      [{ map: new Map([['a', 1]]), set: new Set(['a']) }],
      [{ map: { a: 1 }, set: ['a'] }, { map: {} }],
    ],
    [
      'maps and sets of valibot',
      v.object({ map: v.map(v.string(), v.number()), set: v.set(v.string()) }),
      [{ map: new Map([['a', 1]]), set: new Set(['a']) }],
      [{ map: { a: 1 }, set: ['a'] }, { map: {} }],
    ],
    [
      'maps and sets of arktype',
      type({ map: 'Map', set: 'Set' }),
      [{ map: new Map([['a', 1]]), set: new Set(['a']) }],
      [{ map: { a: 1 }, set: ['a'] }, { map: {} }],
    ],
    [
      'dates, also in unions and with bounds',
      z.object({ at: z.date().min(new Date(0)).nullable(), some: z.array(z.union([z.date(), z.int()])) }),
      [
        { at: new Date(1), some: [new Date(1), 1] },
        { at: null, some: [] },
      ],
      [{ at: 1, some: [] }],
    ],
    [
      'dates of valibot with bounds',
      v.object({ at: v.pipe(v.date(), v.minValue(new Date(0))), to: v.pipe(v.string(), v.toDate()) }),
      [{ at: new Date(1), to: '2026-01-31' }],
      [{ at: 1, to: '' }],
    ],
    [
      'what zod knows of undefined',
      z.object({
        void: z.void(),
        symbol: z.symbol(),
        union: z.union([z.string(), z.undefined()]),
        items: z.array(z.string().optional()),
        record: z.record(z.string(), z.undefined()),
        nan: z.nan(),
      }),
      [
        {
          void: undefined,
          symbol: Symbol('s'),
          union: undefined,
          items: ['a', undefined],
          record: { a: undefined },
          nan: NaN,
        },
      ],
      [
        { items: [1], record: {}, nan: null },
        { items: [], record: {}, nan: 1 },
        { items: [], record: {} },
      ],
    ],
    [
      'what valibot knows of undefined',
      v.object({
        symbol: v.symbol(),
        union: v.undefinedable(v.string()),
        given: v.optional(v.string(), 'given'),
        items: v.array(v.optional(v.string())),
        nan: v.nan(),
      }),
      [{ symbol: Symbol('s'), union: undefined, items: ['a', undefined], nan: NaN }],
      [
        { items: [1], nan: null, given: '' },
        { items: [], given: '' },
        { items: [], nan: null, given: null },
      ],
    ],
    [
      'what arktype knows of undefined',
      type({ symbol: 'symbol', union: 'string | undefined', items: '(string | undefined)[]', nan: 'number.NaN' }),
      [{ symbol: Symbol('s'), union: undefined, items: ['a', undefined], nan: NaN }],
      [{ items: [1], nan: null }, { items: [] }],
    ],
    [
      'literals and optional bigints',
      z.object({
        one: z.literal([1, 'a', null]),
        big: z.bigint().optional(),
        choice: z.union([z.bigint(), z.string()]),
      }),
      [
        { one: 'a', choice: 's' },
        { one: null, choice: '' },
      ],
      [
        { one: 'b', choice: '' },
        { one: 1, choice: 1 },
        { one: 1, big: 1, choice: '' },
      ],
    ],
    [
      'classes of JavaScript',
      v.object({ url: v.instance(URL), bytes: v.instance(Uint8Array), error: v.instance(Error) }),
      [{ url: new URL('https://example.com/'), bytes: new Uint8Array([1]), error: new Error('lost') }],
      [
        { url: {}, bytes: {}, error: {} },
        { url: 'x', bytes: [1], error: {} },
      ],
    ],
  ];

  it.each(SENT)('says what is sent: %s', async (_name, schema, values, others) => {
    const { schema: portable, components, losses } = converted(schema);
    expect(losses).toEqual([]);
    for (const version of ['3.0.0', '3.1.0']) {
      const document = documentOf(version, components);
      const fits = fitsIn(document, version === '3.0.0' ? portable : jsonSchemaOf(portable));
      for (const value of values) {
        const result = await schema['~standard'].validate(value);
        expect(result.issues).toBeUndefined();
        const sent = JSON.parse(JSON.stringify((result as { value: unknown }).value)) as unknown;
        expect([sent, fits(sent)]).toEqual([sent, true]);
      }
      for (const other of others) {
        expect([other, fits(other)]).toEqual([other, false]);
      }
    }
  });

  it('is refused, with the library’s name, where the library has no conversion', () => {
    const validate = (value: unknown) => ({ value });
    expect(() => converted({ '~standard': { version: 1, vendor: 'homemade', validate } })).toThrow(/homemade/);
  });

  it('is refused with what the library says when its conversion fails', () => {
    const output = () => {
      throw new Error('no such target');
    };
    expect(() =>
      converted({ '~standard': { version: 1, vendor: 'x', validate: () => ({ value: 1 }), jsonSchema: { output } } }),
    ).toThrow('no such target');
  });
});

describe('a valibot schema without its converter', () => {
  afterEach(() => jest.dontMock('@valibot/to-json-schema'));

  it('is refused with the name of the package to install', () => {
    jest.doMock('@valibot/to-json-schema', () => {
      throw Object.assign(new Error("Cannot find module '@valibot/to-json-schema'"), { code: 'MODULE_NOT_FOUND' });
    });
    jest.isolateModules(() => {
      const isolated = require('../../src/view/openapi/standard-json-schema') as {
        standardJsonSchema: typeof standardJsonSchema;
      };
      expect(() => isolated.standardJsonSchema(v.string() as unknown as StandardSchema, IGNORED)).toThrow(
        /npm install @valibot\/to-json-schema/,
      );
    });
  });
});
