import 'reflect-metadata';
import { ApiProperty } from '@nestjs/swagger';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import type * as ClassTransformer from 'class-transformer';
import type * as ClassValidator from 'class-validator';
import { Allow, IsInt, IsObject, IsOptional, IsString, Validate, ValidateNested } from 'class-validator';
import type * as CompileClassSchema from '../../src/validation/compile-class-schema';
import { compileClassSchema, type ClassSchemaOptions } from '../../src/validation/compile-class-schema';

type Class = new () => object;

const judge = async (model: Class, data: unknown, options?: ClassSchemaOptions) =>
  compileClassSchema(model, options)(data, undefined);

const valueOf = async (model: Class, data: unknown, options?: ClassSchemaOptions): Promise<unknown> => {
  const result = await judge(model, data, options);
  expect(result.issues).toBeUndefined();
  return (result as { value: unknown }).value;
};

class Quote {
  @IsInt() bid!: number;
}

class Price {
  @IsString() symbol!: string;
  @IsOptional() @ValidateNested() @Type(() => Quote) best?: Quote;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Quote) all?: Quote[];
  @Allow() free?: unknown;
  @IsOptional() @IsObject() details?: object;
}

const DATA = {
  symbol: 'ACME',
  best: { bid: 1, secret: 1 },
  all: [
    { bid: 1, secret: 2 },
    { bid: 2, secret: 3 },
  ],
  free: { any: { thing: 1 } },
  details: { more: [{ x: 1 }] },
  password: 'p',
};
const STRIPPED = {
  symbol: 'ACME',
  best: { bid: 1 },
  all: [{ bid: 1 }, { bid: 2 }],
  free: { any: { thing: 1 } },
  details: { more: [{ x: 1 }] },
};

const instance = (): Price =>
  Object.assign(new Price(), {
    ...DATA,
    best: Object.assign(new Quote(), DATA.best),
    all: DATA.all.map((quote) => Object.assign(new Quote(), quote)),
  });

/** The same by class-transformer, and by class-validator, which is asked where a rule is the application's own. */
class Transformed extends Price {
  @Expose() @Allow() other?: unknown;
}
class Custom extends Price {
  @Validate(class {}) own?: unknown;
}

describe.each<[string, Class]>([
  ['that is copied here', Price],
  ['that class-transformer copies', Transformed],
  ['that class-validator judges', Custom],
])('properties that a class does not declare, of a class %s', (_name, model) => {
  it.each<[string, () => object]>([
    ['a plain object', () => DATA],
    ['an instance', () => Object.assign(new model(), instance())],
  ])('are not sent of %s, in nested classes neither, and what is free-form is left', async (_form, make) => {
    const data = make();
    const before = structuredClone(data);
    expect(await valueOf(model, data)).toEqual(STRIPPED);
    expect(structuredClone(data)).toEqual(before);
  });

  it('are sent with keep', async () => {
    expect(await valueOf(model, DATA, { extraneous: 'keep' })).toEqual(DATA);
    expect(await valueOf(model, instance(), { extraneous: 'keep' })).toEqual(DATA);
  });

  it('are refused by their paths with refuse', async () => {
    const { issues } = await judge(model, DATA, { extraneous: 'refuse' });
    expect(issues).toEqual([
      { path: ['password'], message: 'property password should not exist' },
      { path: ['best', 'secret'], message: 'property secret should not exist' },
      { path: ['all', '0', 'secret'], message: 'property secret should not exist' },
      { path: ['all', '1', 'secret'], message: 'property secret should not exist' },
    ]);
    expect(await valueOf(model, STRIPPED, { extraneous: 'refuse' })).toEqual(STRIPPED);
    expect(DATA.password).toBe('p');
  });
});

describe('properties that a class does not declare', () => {
  class Row {
    @IsString() name!: string;
    @Expose() exposed?: unknown;
    @Exclude() excluded?: unknown;
    @Transform(({ value }) => value as unknown) transformed?: unknown;
    @Type(() => Date) typed?: unknown;
    @ApiProperty() documented?: unknown;
    @Expose({ name: 'new_name' }) @IsString() renamed!: string;
    undecorated?: unknown = 'default';
    @Expose()
    get label(): string {
      return `${this.name} ${String(this.undecorated)}`;
    }
  }
  const data = {
    name: 'a',
    exposed: 1,
    excluded: 2,
    transformed: 3,
    typed: 5,
    documented: 6,
    renamed: 'b',
    undecorated: 7,
  };
  const sent = {
    name: 'a',
    exposed: 1,
    transformed: 3,
    typed: new Date(5),
    documented: 6,
    new_name: 'b',
    // Getters see what is not sent.
    label: 'a 7',
  };

  it('are those that no decorator of class-validator, class-transformer or Swagger names', async () => {
    expect(await valueOf(Row, data)).toEqual(sent);
    expect(await valueOf(Row, Object.assign(new Row(), data))).toEqual(sent);
    expect(await judge(Row, data, { extraneous: 'refuse' })).toEqual({
      issues: [{ path: ['undecorated'], message: 'property undecorated should not exist' }],
    });
  });

  it('are not those of the compiler plugin of @nestjs/swagger', async () => {
    class ByPlugin {
      @IsString() name!: string;
      note?: string;
      static _OPENAPI_METADATA_FACTORY() {
        return { name: { type: () => String }, note: { type: () => String } };
      }
    }
    expect(await valueOf(ByPlugin, { name: 'a', note: 'b', more: 'c' })).toEqual({ name: 'a', note: 'b' });
  });

  it('are looked for by the class of the object: a subclass declares more', async () => {
    class Dividend extends Price {
      @IsInt() share!: number;
    }
    const dividend = Object.assign(new Dividend(), { symbol: 'A', share: 1, extra: 2 });
    expect(await valueOf(Price, dividend)).toEqual({ symbol: 'A', share: 1 });
    expect(await valueOf(Dividend, { symbol: 'A', share: 1, extra: 2 })).toEqual({ symbol: 'A', share: 1 });
  });

  it('stay in an instance under @Allow(), which is free-form', async () => {
    const free = Object.assign(new Quote(), { bid: 1, secret: 2 });
    expect(await valueOf(Price, { symbol: 'A', free })).toEqual({ symbol: 'A', free: { bid: 1, secret: 2 } });
  });

  it('are judged at once, too', () => {
    for (const extraneous of ['strip', 'keep', 'refuse'] as const) {
      const validate = compileClassSchema(Price, { extraneous });
      expect(validate(STRIPPED, undefined)).not.toBeInstanceOf(Promise);
    }
    expect(compileClassSchema(Price)(DATA, undefined)).not.toBeInstanceOf(Promise);
  });

  it('are found in sets and maps', async () => {
    class Bag {
      @ValidateNested() quotes!: Set<Quote>;
      @ValidateNested() byName!: Map<string, Quote>;
    }
    const quote = (): Quote => Object.assign(new Quote(), { bid: 1, secret: 2 });
    const bag = Object.assign(new Bag(), { quotes: new Set([quote()]), byName: new Map([['a', quote()]]) });
    expect(await valueOf(Bag, bag)).toEqual({ quotes: [{ bid: 1 }], byName: { a: { bid: 1 } } });
  });

  it('are not sent either where the inside of class-transformer is not to be had', async () => {
    const transformer = jest.requireActual<typeof ClassTransformer>('class-transformer');
    const validator = jest.requireActual<typeof ClassValidator>('class-validator');
    const results: unknown[] = [];
    jest.isolateModules(() => {
      jest.doMock('class-transformer/cjs/storage', () => ({ defaultMetadataStorage: {} }));
      jest.doMock('class-transformer', () => transformer);
      jest.doMock('class-validator', () => validator);
      try {
        const compile = jest.requireActual<typeof CompileClassSchema>('../../src/validation/compile-class-schema');
        const validate = compile.compileClassSchema(Price);
        results.push(validate(DATA, undefined), validate(instance(), undefined));
      } finally {
        for (const name of ['class-transformer/cjs/storage', 'class-transformer', 'class-validator']) {
          jest.dontMock(name);
        }
      }
    });
    expect(results).toEqual([{ value: STRIPPED }, { value: STRIPPED }]);
  });
});
