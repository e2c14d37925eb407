import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsPositive, IsString, Length, Matches, validateSync } from 'class-validator';
import { Logger } from '@nestjs/common';
import { describeByValidators } from '../../src/view/openapi/class-properties';
import { shapeOf } from '../../src/view/openapi/class-shape';
import { exampleOf } from '../../src/view/openapi/example-value';
import type { SchemaObject } from '../../src/view/openapi/schema-object';
import { wireExamples } from '../../src/view/openapi/wire-example';
import { parseEvents } from '../support/read-events';

const example = (schema: SchemaObject, components: Record<string, SchemaObject> = {}): unknown =>
  exampleOf(schema, new Map(Object.entries(components)));

describe('an example of a schema', () => {
  it('is the schema’s own example, else its default, else the first of its values', () => {
    expect(example({ type: 'string', example: 'a', default: 'b', enum: ['c'] })).toBe('a');
    expect(example({ type: 'string', examples: ['a', 'b'] })).toBe('a');
    expect(example({ type: 'string', default: 'b', enum: ['c'] })).toBe('b');
    expect(example({ type: 'string', enum: ['c', 'd'] })).toBe('c');
    expect(example({ type: 'boolean', example: false })).toBe(false);
  });

  it.each<[SchemaObject, unknown]>([
    [{ type: 'number' }, 1],
    [{ type: 'integer', minimum: 5 }, 5],
    [{ type: 'number', minimum: 1, not: { enum: [1] } }, 2],
    [{ type: 'number', minimum: 0, maximum: 1, not: { enum: [0, 1] } }, 0.5],
    [{ type: 'number', maximum: -2 }, -2],
    [{ type: 'number', multipleOf: 5, minimum: 7 }, 10],
    [{ type: 'string' }, 'string'],
    [{ type: 'string', minLength: 8 }, 'stringst'],
    [{ type: 'string', maxLength: 3 }, 'str'],
    [{ type: 'string', pattern: '^[A-Z]{3}$' }, 'ABC'],
    [{ type: 'string', format: 'date-time' }, '2026-01-31T09:30:00.000Z'],
    [{ type: 'string', format: 'email' }, 'ada@example.com'],
    [{ type: 'boolean' }, true],
    [{ type: 'array', items: { type: 'number' }, minItems: 2 }, [1, 1]],
    [{ type: 'array', items: {} }, []],
    [
      { type: 'object', properties: { a: { type: 'number' }, b: {} } },
      { a: 1, b: {} },
    ],
    [{ type: 'object', additionalProperties: { type: 'number' } }, { key: 1 }],
    [{ oneOf: [{ type: 'number' }, { type: 'string' }] }, 1],
    [{ allOf: [{ type: 'object', properties: { a: { type: 'number' } } }], description: 'x' }, { a: 1 }],
    [{ nullable: true, enum: [null] }, null],
  ])('of %j is %j', (schema, value) => {
    expect(example(schema)).toEqual(value);
  });

  it('follows references, and stops at a circle', () => {
    const Node: SchemaObject = {
      type: 'object',
      required: ['name', 'children'],
      properties: {
        name: { type: 'string' },
        next: { $ref: '#/components/schemas/Node' },
        children: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
      },
    };
    expect(example({ $ref: '#/components/schemas/Node' }, { Node })).toEqual({ name: 'string', children: [] });
  });

  it('is none where there is nothing to go by', () => {
    expect(example({})).toBeUndefined();
    const Endless: SchemaObject = {
      type: 'object',
      required: ['next'],
      properties: { next: { $ref: '#/components/schemas/Endless' } },
    };
    expect(example({ $ref: '#/components/schemas/Endless' }, { Endless })).toBeUndefined();
  });

  it('of a class passes the class’s own validators', () => {
    class Model {
      @IsString() @Length(10, 12) name!: string;
      @IsInt() @IsPositive() count!: number;
      @Matches(/^\d{3}$/) code!: string;
      @IsOptional() @IsString() note?: string;
      @ApiProperty({ name: 'onWire', example: 'mine' }) own!: string;
      @ApiProperty({ type: () => [Number], minimum: 3 }) list!: number[];
      @ApiProperty({ enum: { A: 'a', B: 'b' }, isArray: true }) letters!: string[];
      @IsIn(['x', 1]) mixed!: string | number;
    }
    describeByValidators(Model, new Logger());
    const components = new Map<string, SchemaObject>();
    const value = exampleOf(shapeOf(Model, components), components) as object;
    expect(validateSync(Object.assign(new Model(), value))).toEqual([]);
    expect(value).toMatchObject({ note: 'string', onWire: 'mine', letters: ['a'], mixed: 'x' });
  });
});

describe('an example on the wire', () => {
  const data = (schema: SchemaObject) => ({ schema, components: new Map(), models: [] });
  const stream = (events: [string | undefined, SchemaObject][]) => ({
    events: events.map(([name, schema]) => ({ name, data: data(schema) })),
    schema: {},
    models: [],
  });

  it('is read by a client as the event that it shows', () => {
    const examples = wireExamples(
      stream([['price', { type: 'number' }]]),
      { format: 'json', onEnd: 'nothing' },
      () => '7',
    );
    expect(examples).toEqual({ price: { summary: 'event: price', value: 'event: price\nid: 7\ndata: 1\n\n' } });
    expect(parseEvents(examples['price']!.value)).toEqual([{ event: 'price', id: '7', data: '1' }]);
  });

  it('is one of each name, and one called event where there are no names', () => {
    expect(
      Object.keys(
        wireExamples(
          stream([
            ['a', { type: 'number' }],
            ['b/c', { type: 'string' }],
          ]),
          { format: 'json', onEnd: 'nothing' },
          () => '7',
        ),
      ),
    ).toEqual(['a', 'b/c']);
    expect(
      wireExamples(stream([[undefined, { type: 'string' }]]), { format: 'text', onEnd: 'nothing' }, () => undefined),
    ).toEqual({
      event: { summary: 'An event', value: 'data: string\n\n' },
    });
  });

  it('is left out for any JSON, and for data that are no text on a route of text', () => {
    expect(wireExamples(stream([[undefined, {}]]), { format: 'json', onEnd: 'nothing' }, () => '7')).toEqual({});
    expect(
      wireExamples(stream([[undefined, { type: 'number' }]]), { format: 'text', onEnd: 'nothing' }, () => '7'),
    ).toEqual({});
  });
});
