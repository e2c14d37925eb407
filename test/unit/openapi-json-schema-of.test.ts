import { jsonSchemaOf } from '../../src/view/openapi/json-schema-of';

describe('jsonSchemaOf', () => {
  it.each([
    ['a type', { type: 'string', nullable: true as const }, { type: ['string', 'null'] }],
    [
      'values',
      { type: 'string', nullable: true as const, enum: ['x', null] },
      { type: ['string', 'null'], enum: ['x', null] },
    ],
    ['values of several types', { nullable: true as const, enum: ['x', 1, null] }, { enum: ['x', 1, null] }],
    [
      'a combination',
      { nullable: true as const, anyOf: [{ type: 'string' }, { type: 'number' }] },
      { anyOf: [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, { type: 'null' }] },
    ],
    [
      'a type beside a combination',
      { type: 'object', nullable: true as const, allOf: [{ $ref: '#/components/schemas/A' }] },
      { anyOf: [{ type: 'object', allOf: [{ $ref: '#/components/schemas/A' }] }, { type: 'null' }] },
    ],
    ['nothing but null', { nullable: true as const, enum: [null] }, { enum: [null] }],
  ])('writes null as a type beside %s', (_what, schema, expected) => {
    expect(jsonSchemaOf(schema)).toEqual(expected);
  });

  it('goes through every place where a schema may be, and leaves values and names alone', () => {
    const inner = { type: 'number', nullable: true as const };
    const outer = { type: ['number', 'null'] };
    expect(
      jsonSchemaOf({
        type: 'object',
        description: 'kept',
        properties: { nullable: inner, items: { type: 'array', items: inner } },
        additionalProperties: inner,
        not: { anyOf: [inner] },
        default: { nullable: true },
        enum: [{ nullable: true }],
      }),
    ).toEqual({
      type: 'object',
      description: 'kept',
      properties: { nullable: outer, items: { type: 'array', items: outer } },
      additionalProperties: outer,
      not: { anyOf: [outer] },
      default: { nullable: true },
      enum: [{ nullable: true }],
    });
    expect(jsonSchemaOf({ type: 'object', additionalProperties: false })).toEqual({
      type: 'object',
      additionalProperties: false,
    });
  });
});
