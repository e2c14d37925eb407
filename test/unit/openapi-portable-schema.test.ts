import { Ajv2020 } from 'ajv/dist/2020';
import { portableSchema } from '../../src/view/openapi/portable-schema';
import { fitsIn } from '../support/openapi-validation';

const VALUES = [
  null,
  true,
  'a',
  'b',
  'abcdef',
  '',
  0,
  1,
  1.5,
  2,
  5,
  10,
  11,
  -1,
  [],
  ['a'],
  ['a', 1],
  [1],
  {},
  { a: 'x' },
];
const OBJECTS = [{ a: 1 }, { a: null }, { a: 'x', b: 1 }, { b: 1 }, { 'x-1': 2, a: 'y' }, { next: { next: {} } }];

/** Schemas in words that OpenAPI 3.0 or 3.1 does not have. */
const SCHEMAS: readonly (readonly [name: string, schema: object])[] = [
  ['a constant', { const: 'a' }],
  ['a constant of null', { const: null }],
  ['null alone', { type: 'null' }],
  ['a nullable type', { type: ['string', 'null'] }],
  ['a nullable enum', { anyOf: [{ type: 'string', enum: ['a', 'b'] }, { type: 'null' }] }],
  ['a nullable reference', { anyOf: [{ $ref: '#/$defs/A' }, { type: 'null' }], $defs: { A: { type: 'string' } } }],
  ['several nullable types', { anyOf: [{ type: 'string' }, { type: 'number', minimum: 2 }, { const: null }] }],
  ['several types', { type: ['string', 'integer'], minLength: 2, minimum: 2 }],
  ['several types beside a choice', { type: ['string', 'number'], anyOf: [{ minLength: 2 }, { minimum: 2 }] }],
  ['values of several types', { enum: ['a', 1, null] }],
  ['exclusive bounds', { type: 'number', exclusiveMinimum: 1, exclusiveMaximum: 10 }],
  ['exclusive bounds of integers', { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 10 }],
  ['an exclusive bound beside a not', { type: 'number', exclusiveMinimum: 0, not: { const: 5 } }],
  ['an exclusive bound below the inclusive one', { type: 'number', minimum: 5, exclusiveMinimum: 1 }],
  ['true and false as schemas', { type: 'object', properties: { a: true }, additionalProperties: false }],
  ['a false property', { type: 'object', properties: { b: false } }],
  [
    'definitions',
    { type: 'object', properties: { a: { $ref: '#/definitions/T' } }, definitions: { T: { const: 'x' } } },
  ],
  ['a recursion', { type: 'object', properties: { next: { $ref: '#' }, a: { type: 'string' } } }],
  ['a reference beside keywords', { $ref: '#/$defs/N', minimum: 2, $defs: { N: { type: 'number' } } }],
  ['any JSON', {}],
];

const documentOf = (openapi: string, { components }: ReturnType<typeof portableSchema>) => ({
  openapi,
  paths: {},
  components: { schemas: Object.fromEntries(components) },
});

describe('a portable schema', () => {
  it.each(SCHEMAS)('says of %s in OpenAPI 3.0 what the JSON Schema says', (_name, schema) => {
    const original = new Ajv2020({ strict: false }).compile(schema);
    const portable = portableSchema(schema as Record<string, unknown>, 'Route');
    const fits = fitsIn(documentOf('3.0.0', portable), portable.schema);
    for (const value of [...VALUES, ...OBJECTS]) {
      expect([value, fits(value)]).toEqual([value, original(value)]);
    }
  });

  it.each(SCHEMAS.filter(([name]) => !/null|several types/.test(name)))(
    'says of %s in OpenAPI 3.1 what the JSON Schema says',
    (_name, schema) => {
      const original = new Ajv2020({ strict: false }).compile(schema);
      const portable = portableSchema(schema as Record<string, unknown>, 'Route');
      const fits = fitsIn(documentOf('3.1.0', portable), portable.schema);
      for (const value of [...VALUES, ...OBJECTS]) {
        expect([value, fits(value)]).toEqual([value, original(value)]);
      }
    },
  );

  const inline = (schema: Record<string, unknown>): unknown => portableSchema(schema, 'Route').schema;

  it('writes a constant as an enum with its type', () => {
    expect(inline({ const: 'a' })).toEqual({ type: 'string', enum: ['a'] });
  });

  it('writes null as nullable, which documents of 3.1 spell out', () => {
    expect(inline({ type: ['string', 'null'], enum: ['a', null] })).toEqual({
      type: 'string',
      nullable: true,
      enum: ['a', null],
    });
    expect(inline({ type: 'string', nullable: true, enum: ['a'] })).toEqual({
      type: 'string',
      nullable: true,
      enum: ['a', null],
    });
  });

  it('understands the boolean bounds of OpenAPI 3.0', () => {
    expect(inline({ type: 'number', minimum: 0, exclusiveMinimum: true })).toEqual({
      type: 'number',
      minimum: 0,
      not: { enum: [0] },
    });
    expect(inline({ type: 'number', minimum: 0, exclusiveMinimum: false })).toEqual({ type: 'number', minimum: 0 });
  });

  it('writes positions of an array as a choice for each item, with the length', () => {
    const positions = [{ type: 'string' }, { type: 'number' }];
    const choice = { anyOf: positions };
    expect(inline({ type: 'array', prefixItems: positions, items: false, minItems: 2 })).toEqual({
      type: 'array',
      items: choice,
      minItems: 2,
      maxItems: 2,
    });
    expect(inline({ type: 'array', items: positions, additionalItems: false })).toEqual({
      type: 'array',
      items: choice,
      maxItems: 2,
    });
    expect(inline({ type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' } })).toEqual({
      type: 'array',
      items: choice,
    });
  });

  it('writes patterns of names as what other properties may be', () => {
    const patternProperties = { '^x-': { type: 'string' } };
    expect(inline({ type: 'object', patternProperties, additionalProperties: false })).toEqual({
      type: 'object',
      additionalProperties: { type: 'string' },
    });
    expect(inline({ type: 'object', patternProperties, additionalProperties: { type: 'number' } })).toEqual({
      type: 'object',
      additionalProperties: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    });
    expect(inline({ type: 'object', patternProperties })).toEqual({ type: 'object' });
  });

  it('keeps the first of the examples, and what base64 is called in OpenAPI', () => {
    expect(inline({ type: 'string', examples: ['q', 'r'], contentEncoding: 'base64' })).toEqual({
      type: 'string',
      example: 'q',
      format: 'byte',
    });
  });

  it('drops what OpenAPI 3.0 does not know', () => {
    const unknown = {
      $id: 'x',
      $schema: 'y',
      $comment: 'z',
      propertyNames: {},
      if: {},
      else: {},
      unevaluatedProperties: false,
    };
    expect(inline({ type: 'object', 'x-kept': 1, ...unknown })).toEqual({ type: 'object', 'x-kept': 1 });
  });

  it('gives every array items, which 3.0 wants', () => {
    expect(inline({ type: 'array' })).toEqual({ type: 'array', items: {} });
  });

  it('makes a component of an object with a title, named in the alphabet of components', () => {
    const portable = portableSchema({ title: 'Stock price!', type: 'object', properties: {} }, 'Route');
    expect(portable.schema).toEqual({ $ref: '#/components/schemas/StockPrice' });
    expect([...portable.components]).toEqual([
      ['StockPrice', { title: 'Stock price!', type: 'object', properties: {} }],
    ]);
    expect(inline({ title: 'Text', type: 'string' })).toEqual({ title: 'Text', type: 'string' });
  });

  it('keeps the names that definitions were given, and names after the route those that a library made up', () => {
    const definitions = { Price: { type: 'number' }, __schema0: { type: 'string' }, 0: { type: 'boolean' } };
    const { schema, components } = portableSchema(
      {
        type: 'object',
        properties: {
          a: { $ref: '#/definitions/Price' },
          b: { $ref: '#/definitions/__schema0' },
          c: { $ref: '#/definitions/0' },
        },
        definitions,
      },
      'View_events order/created',
    );
    expect(Object.keys(schema.properties!).map((key) => schema.properties![key]!.$ref)).toEqual([
      '#/components/schemas/Price',
      '#/components/schemas/View_eventsOrderCreated',
      '#/components/schemas/View_eventsOrderCreated_2',
    ]);
    expect([...components.values()]).toEqual([{ type: 'number' }, { type: 'string' }, { type: 'boolean' }]);
  });

  it('makes a component of a schema that refers to itself', () => {
    const { schema, components } = portableSchema(
      { type: 'object', properties: { next: { $ref: '#' } } },
      'View_events',
    );
    const self = { $ref: '#/components/schemas/View_events' };
    expect(schema).toEqual(self);
    expect([...components]).toEqual([['View_events', { type: 'object', properties: { next: self } }]]);
  });

  it('keeps definitions that refer to each other apart', () => {
    const $defs = {
      0: { type: 'object', properties: { b: { $ref: '#/$defs/1' } } },
      1: { type: 'object', properties: { a: { $ref: '#/$defs/0' } } },
    };
    const { schema, components } = portableSchema({ $ref: '#/$defs/0', $defs }, 'Route');
    expect(schema).toEqual({ $ref: '#/components/schemas/Route' });
    expect(Object.fromEntries(components)).toEqual({
      Route: { type: 'object', properties: { b: { $ref: '#/components/schemas/Route_2' } } },
      Route_2: { type: 'object', properties: { a: { $ref: '#/components/schemas/Route' } } },
    });
  });

  it('takes a reference that leads nowhere for any JSON', () => {
    expect(
      inline({ type: 'object', properties: { a: { $ref: '#/$defs/Missing' }, b: { $ref: 'https://x/y' } } }),
    ).toEqual({
      type: 'object',
      properties: { a: {}, b: {} },
    });
  });
});
