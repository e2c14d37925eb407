import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import type { StandardSchema } from '../../src/validation/standard-schema';
import { portableSchema } from '../../src/view/openapi/portable-schema';
import { standardJsonSchema } from '../../src/view/openapi/standard-json-schema';

/** What a schema is in a document, and the parts that JSON Schema cannot express. */
const converted = (schema: unknown) => {
  const losses: string[] = [];
  const json = standardJsonSchema(schema as StandardSchema, (what) => losses.push(what));
  const { schema: portable, components } = portableSchema(json, 'Route');
  return { schema: portable, components: Object.fromEntries(components), losses };
};

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
    expect(converted(schema)).toEqual({ schema: TRADE, components: {}, losses: [] });
  });

  it('is that of arktype', () => {
    const schema = type({
      symbol: 'string > 0',
      price: 'number > 0',
      side: "'buy' | 'sell'",
      note: 'string | null',
      at: 'Date',
    });
    expect(converted(schema)).toEqual({ schema: TRADE, components: {}, losses: [] });
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
    expect(converted(z.object({ name: z.string(), count: z.bigint() }))).toMatchObject({
      schema: { properties: { name: { type: 'string' }, count: {} } },
      losses: ['bigint'],
    });
    expect(converted(v.object({ name: v.string(), count: v.bigint() }))).toMatchObject({
      schema: { properties: { name: { type: 'string' }, count: {} } },
      losses: [expect.stringContaining('bigint')],
    });
    expect(converted(type({ name: 'string', count: 'bigint' }))).toMatchObject({
      schema: { properties: { name: { type: 'string' }, count: {} } },
      losses: ['domain'],
    });
  });

  it('is asked for in the form in which it loses least', () => {
    const schema = v.object({ limit: v.pipe(v.number(), v.gtValue(0)), count: v.bigint() });
    expect(converted(schema)).toMatchObject({
      schema: { properties: { limit: { minimum: 0, not: { enum: [0] } } } },
      losses: [expect.stringContaining('bigint')],
    });
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
      expect(() => isolated.standardJsonSchema(v.string() as unknown as StandardSchema, () => undefined)).toThrow(
        /npm install @valibot\/to-json-schema/,
      );
    });
  });
});
