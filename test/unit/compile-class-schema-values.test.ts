import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { Allow, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { compileClassSchema, type ClassSchemaOptions } from '../../src/validation/compile-class-schema';
import type { InvalidResult, ValidationResult } from '../../src/validation/validate';

type Class = new () => object;

const judge = (
  model: Class,
  data: unknown,
  options?: ClassSchemaOptions,
): ValidationResult | Promise<ValidationResult> => compileClassSchema(model, options)(data, undefined);

/** What is written on the wire, as a client reads it. */
const written = async (model: Class, data: unknown, options?: ClassSchemaOptions): Promise<unknown> => {
  const result = await judge(model, data, options);
  expect(result.issues).toBeUndefined();
  return JSON.parse(JSON.stringify((result as { value: unknown }).value)) as unknown;
};

const issuesOf = async (model: Class, data: unknown, options?: ClassSchemaOptions): Promise<unknown> =>
  (await judge(model, data, options)).issues?.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);

/** As an ObjectId of MongoDB: what it holds is hidden. */
class ObjectId {
  readonly #hex: string;
  constructor(hex: string) {
    if (hex.length !== 24) {
      throw new TypeError('not an id');
    }
    this.#hex = hex;
  }
  override: unknown;
  toString(): string {
    return this.#hex;
  }
  toJSON(): string {
    return this.#hex;
  }
}

/** As a `DateTime` of luxon: a graph with circles. */
class DateTime {
  readonly self = { deep: this };
  constructor(readonly zone: { readonly name: string }) {
    if (!zone.name) {
      throw new TypeError('no zone');
    }
  }
  valueOf(): number {
    return 5;
  }
  toJSON(): string {
    return `1970 in ${this.zone.name}`;
  }
}

const ID = 'a'.repeat(24);
const id = (): ObjectId => new ObjectId(ID);
const at = (): DateTime => new DateTime({ name: 'UTC' });

/** Classes whose copies are made here, and by class-transformer. */
class Plain {
  @Allow() value: unknown;
}
class Decorated extends Plain {
  @Expose() @Allow() other?: unknown;
}

describe.each<[string, Class]>([
  ['a class that is copied here', Plain],
  ['a class that class-transformer copies', Decorated],
])('a value with a toJSON of its own, in %s', (_name, model) => {
  it.each<[string, () => unknown, unknown]>([
    ['an ObjectId', id, ID],
    ['a DateTime', at, '1970 in UTC'],
    ['a URL', () => new URL('http://localhost/'), 'http://localhost/'],
    ['a plain object with a toJSON', () => ({ secret: 1, toJSON: () => 'public' }), 'public'],
    ['one in an array', () => [id(), 1], [ID, 1]],
    ['one in an object', () => ({ a: { b: id() } }), { a: { b: ID } }],
    ['one in a set', () => new Set([id()]), [ID]],
  ])('is written as it says: %s', async (_form, make, expected) => {
    expect(await written(model, { value: make() })).toEqual({ value: expected });
    expect(await written(model, Object.assign(new model(), { value: make() }))).toEqual({ value: expected });
  });

  it('is the same object on the way in and out', async () => {
    const value = id();
    expect(await judge(model, { value })).toEqual({ value: expect.objectContaining({ value }) });
    const { value: out } = (await judge(model, { value })) as { value: { value: unknown } };
    expect(out.value).toBe(value);
  });
});

describe('a value with a toJSON of its own', () => {
  it('becomes what @Type() says, where that is a string, a number or a date', async () => {
    class Row {
      @Type(() => String) @IsString() id!: unknown;
      @Type(() => Number) @IsInt() at!: unknown;
      @Type(() => Date) @Allow() date!: unknown;
    }
    expect(await written(Row, { id: id(), at: at(), date: at() })).toEqual({
      id: ID,
      at: 5,
      date: new Date(5).toISOString(),
    });
  });

  it('is what @Transform() is given', async () => {
    const given: unknown[] = [];
    class Row {
      @Transform(({ value, obj }) => (given.push(value, (obj as Row).id), String(value)), { toPlainOnly: true })
      @Allow()
      id!: unknown;
    }
    const value = id();
    expect(await written(Row, { id: value })).toEqual({ id: ID });
    expect(given).toEqual([value, value]);
    expect(given[0]).toBe(value);
  });

  it('stays as it is where @Type() names its class', async () => {
    class Row {
      @Type(() => ObjectId) @Allow() id!: ObjectId;
      @Type(() => ObjectId) @Allow() ids!: ObjectId[];
    }
    expect(await written(Row, { id: id(), ids: [id()] })).toEqual({ id: ID, ids: [ID] });
  });

  it('gives what it writes where an object of another class is needed: a document of a database', async () => {
    class Part {
      @IsInt() n!: number;
    }
    class Row {
      @IsString() name!: string;
      @ValidateNested() @Type(() => Part) part!: Part;
    }
    class Document {
      constructor(readonly internal: object) {}
      toJSON(): object {
        return this.internal;
      }
    }
    const document = (part: unknown): Document => new Document({ name: 'a', part: new Document({ n: part }) });
    expect(await written(Row, document(1))).toEqual({ name: 'a', part: { n: 1 } });
    expect(await issuesOf(Row, document('x'))).toEqual([expect.stringContaining('part.n: n must be an integer')]);
    expect(await issuesOf(Row, id())).toEqual([': must be an object of the class Row']);
  });

  it('is asked of an object of the schema’s own class, too, unless decorators say how that is written', async () => {
    class Money {
      @IsInt() cents!: number;
      toJSON(): string {
        return `${this.cents / 100} EUR`;
      }
    }
    class Account {
      @IsString() name!: string;
      @Exclude() @IsString() password!: string;
      toJSON(): object {
        return { ...this };
      }
    }
    class Row {
      @ValidateNested() @Type(() => Money) price!: Money;
      @Allow() account!: unknown;
    }
    expect(await written(Money, { cents: 150 })).toBe('1.5 EUR');
    const account = Object.assign(new Account(), { name: 'a', password: 'b' });
    expect(await written(Account, account)).toEqual({ name: 'a' });
    expect(await written(Row, { price: { cents: 250 }, account })).toEqual({
      price: '2.5 EUR',
      account: { name: 'a' },
    });
    expect(await issuesOf(Row, { price: { cents: 'x' } })).toEqual([expect.stringContaining('price.cents: ')]);
  });

  it('that throws makes the data invalid', async () => {
    const document = {
      toJSON: () => {
        throw new Error('detached');
      },
    };
    expect(await judge(Plain, document)).toEqual({
      issues: [{ path: [], message: 'could not be validated: detached' }],
      cause: new Error('detached'),
    });
  });
});

describe('what class-transformer throws makes the data invalid', () => {
  class Needy {
    @Allow() length: number;
    constructor(text: string) {
      this.length = text.length;
    }
  }

  it('a schema whose constructor takes arguments', async () => {
    const result = await judge(Needy as unknown as Class, { length: 1 });
    expect(result).toMatchObject({ cause: expect.any(TypeError) });
    expect(result.issues).toEqual([
      {
        path: [],
        message: expect.stringMatching(
          /^cannot be made an object of the class Needy: Cannot read .*\. Its constructor is called without arguments: give each parameter a default, or send objects of the class$/,
        ),
      },
    ]);
    expect(await written(Needy as unknown as Class, new Needy('abc'))).toEqual({ length: 3 });
  });

  it.each<[string, unknown]>([
    ['value', new Needy('abc')],
    ['value.0', [new Needy('abc')]],
    ['value.a.1', { a: [1, new Needy('abc')] }],
  ])('a value of such a class, by its path %s', async (path, value) => {
    for (const model of [Plain, Decorated]) {
      expect(await issuesOf(model, { value })).toEqual([
        expect.stringContaining(`${path}: cannot be made an object of the class Needy`),
      ]);
    }
  });

  it('what the constructor throws that is no error', async () => {
    class Thrower {
      @Allow() a: unknown;
      constructor() {
        throw 'a text';
      }
    }
    expect(await issuesOf(Thrower, { a: 1 })).toEqual([expect.stringContaining('of the class Thrower: "a text". ')]);
  });

  it('data that hold themselves, with a path that ends', async () => {
    const loop: Record<string, unknown> = {};
    loop['next'] = loop;
    const { issues, cause } = (await judge(Plain, { value: loop })) as InvalidResult;
    expect(issues).toEqual([
      {
        path: expect.arrayContaining(['value', 'next']),
        message: 'holds itself, or is nested too deeply to be copied',
      },
    ]);
    expect(issues[0]!.path.length).toBeLessThanOrEqual(20);
    expect(cause).toBeInstanceOf(RangeError);
  });

  it('a getter on the way out', async () => {
    class Getter {
      @IsInt() n = 1;
      @Expose()
      get broken(): never {
        throw new Error('not loaded');
      }
    }
    expect(await judge(Getter, { n: 1 })).toMatchObject({
      issues: [{ path: [], message: 'cannot be converted by class-transformer: not loaded' }],
      cause: { message: 'not loaded' },
    });
  });
});

describe('a discriminator', () => {
  class Pet {
    @IsOptional() @IsString() name?: string;
  }
  class Dog extends Pet {
    @IsInt() barks!: number;
  }
  class Cat extends Pet {
    @IsInt() lives!: number;
  }
  const discriminator = {
    property: 'kind',
    subTypes: [
      { name: 'dog', value: Dog },
      { name: 'cat', value: Cat },
    ],
  };
  class Owner {
    @IsOptional() @ValidateNested() @Type(() => Pet, { discriminator }) pet?: Pet;
    @IsOptional() @ValidateNested() @Type(() => Pet, { discriminator }) pets?: Pet[];
  }
  const dog = { kind: 'dog', barks: 3 };
  const cat = { kind: 'cat', lives: 9 };

  it('chooses the class, and is written', async () => {
    expect(await written(Owner, { pet: dog, pets: [cat, dog] })).toEqual({ pet: dog, pets: [cat, dog] });
    expect(await issuesOf(Owner, { pet: { ...dog, barks: 'x' } })).toEqual([expect.stringContaining('pet.barks: ')]);
  });

  it.each<[string, object]>([
    ['pet', { pet: { kind: 'bird' } }],
    ['pet', { pet: { name: 'a' } }],
    ['pets.1', { pets: [dog, { kind: 'bird' }] }],
    ['pets.1', { pets: [dog, null] }],
  ])('of an unknown value makes the data invalid, at %s', async (path, data) => {
    expect(await issuesOf(Owner, data)).toEqual([
      `${path}: must have one of "dog", "cat" as "kind", by which @Type() chooses the class`,
    ]);
  });

  it('leaves what was given as it was, so that it can be sent again', async () => {
    const data = { pet: { ...dog }, pets: [{ ...cat }] };
    const instance = Object.assign(new Owner(), {
      pet: Object.assign(new Dog(), { barks: 3 }),
      pets: [Object.assign(new Cat(), { lives: 9 })],
    });
    for (const extraneous of ['strip', 'refuse'] as const) {
      for (let time = 0; time < 2; time++) {
        expect(await written(Owner, data, { extraneous })).toEqual({ pet: dog, pets: [cat] });
        expect(data).toEqual({ pet: dog, pets: [cat] });
        expect(await written(Owner, instance, { extraneous })).toEqual({ pet: dog, pets: [cat] });
        expect(Object.keys(instance.pet!)).not.toContain('kind');
      }
    }
  });

  it('is found in what is frozen', async () => {
    const frozen = Object.freeze({ pet: Object.freeze({ ...dog }), pets: Object.freeze([Object.freeze({ ...cat })]) });
    expect(await written(Owner, frozen)).toEqual({ pet: dog, pets: [cat] });
    const instance = Object.assign(new Owner(), { pet: Object.freeze(Object.assign(new Dog(), { barks: 3 })) });
    expect(await written(Owner, instance)).toEqual({ pet: dog });
  });
});

describe('@ValidateNested() where there are no rules', () => {
  class Part {
    n?: number;
  }
  class Row {
    @ValidateNested() part!: unknown;
  }

  it('says that @Type() is missing', async () => {
    const message =
      'is not an object of a class, so there are no rules for it. Add @Type(() => TheClass) of class-transformer beside @ValidateNested()';
    expect(await issuesOf(Row, { part: { n: 1 } })).toEqual([`part: ${message}`]);
    expect(await issuesOf(Row, { part: [{ n: 1 }] })).toEqual([`part.0: ${message}`]);
  });

  it('says which class has none', async () => {
    expect(await issuesOf(Row, { part: new Part() })).toEqual([
      'part: is an object of the class Part, which has no validation rules. Add decorators of class-validator to that class, ' +
        'or @Type(() => TheClass) of class-transformer beside @ValidateNested()',
    ]);
  });
});
