import 'reflect-metadata';
import { Exclude, Expose, Transform, Type, type TypeHelpOptions } from 'class-transformer';
import {
  getFromContainer,
  IsBoolean,
  IsDate,
  IsDefined,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  registerDecorator,
  useContainer,
  Validate,
  ValidateIf,
  ValidateNested,
  ValidatePromise,
  Validator,
  ValidatorConstraint,
  type ValidationError,
  type ValidatorConstraintInterface,
} from 'class-validator';
import type * as ClassTransformer from 'class-transformer';
import type * as ClassValidator from 'class-validator';
import type * as CompileClassSchema from '../../src/validation/compile-class-schema';
import { compileClassSchema } from '../../src/validation/compile-class-schema';
import { TransformerCopy } from '../../src/validation/transformer-copy';

// The modules themselves: what is imported is a view of them, in which nothing can be watched.
const validator = jest.requireActual<typeof ClassValidator>('class-validator');
const transformer = jest.requireActual<typeof ClassTransformer>('class-transformer');

class Quote {
  @IsNumber() bid!: number;
}

class Price {
  @IsString() @MaxLength(6) symbol!: string;
  @IsInt({ groups: ['a group'] }) @Min(0) volume!: number;
  @IsOptional() @IsBoolean() halted?: boolean;
  @IsIn(['EUR', 'USD']) currency = 'EUR';
  @IsString({ each: true }) tags!: string[];
  @IsDate() @Type(() => Date) at!: Date;
  @ValidateIf(({ volume }: Price) => volume > 0) @IsDefined() @ValidateNested() @Type(() => Quote) best!: Quote;
  @ValidateNested({ each: true }) @Type(() => Quote) all!: Quote[];
}

const VALID = {
  symbol: 'ACME',
  volume: 1,
  tags: ['a', 'b'],
  at: new Date(5),
  best: { bid: 1 },
  all: [{ bid: 1 }, { bid: 2 }],
};
const quote = (bid: unknown): Quote => Object.assign(new Quote(), { bid });
const validInstance = (): Price => Object.assign(new Price(), { ...VALID, best: quote(1), all: [quote(1), quote(2)] });

/** What is called of the two libraries. */
const spies = () => ({
  validate: jest.spyOn(validator, 'validate'),
  plainToInstance: jest.spyOn(TransformerCopy.prototype, 'toInstance'),
  instanceToPlain: jest.spyOn(TransformerCopy.prototype, 'toPlain'),
});

const transformerStorage = () =>
  jest.requireActual<{ defaultMetadataStorage: Record<string, Map<unknown, unknown>> }>('class-transformer/cjs/storage')
    .defaultMetadataStorage;

afterEach(() => jest.restoreAllMocks());

describe('a class as responseSchema', () => {
  it.each<[string, () => object]>([
    ['a plain object', () => VALID],
    ['an instance', validInstance],
  ])('judges and copies %s at once, without the two libraries', (_form, make) => {
    const { validate, plainToInstance, instanceToPlain } = spies();
    const data = make();
    const result = compileClassSchema(Price)(data, undefined) as { value: typeof VALID };
    expect(result).toStrictEqual({ value: { currency: 'EUR', halted: undefined, ...VALID } });
    expect(result.value).not.toBe(data);
    expect(result.value.at).not.toBe(VALID.at);
    for (const spy of [validate, plainToInstance, instanceToPlain]) {
      expect(spy).not.toHaveBeenCalled();
    }
  });

  it('looks the decorators of a class up once', async () => {
    class Own {
      @IsString() text!: string;
    }
    class Foreign extends Own {
      @Validate(class {}) other: unknown;
    }
    const lookUps = jest.spyOn(validator.getMetadataStorage(), 'getTargetValidationMetadatas');
    const countOf = async (model: new () => object): Promise<number> => {
      const validate = compileClassSchema(model);
      lookUps.mockClear();
      for (let event = 0; event < 3; event++) {
        expect(await validate({ text: 'a' }, undefined)).toMatchObject({ value: { text: 'a' } });
      }
      return lookUps.mock.calls.length;
    };
    // Once for the rules, once for the names.
    expect(await countOf(Own)).toBe(2);
    // Three of these are class-validator's.
    expect(await countOf(Foreign)).toBe(5);
  });

  it('asks class-validator, once, what is wrong', async () => {
    const { validate, plainToInstance } = spies();
    expect(
      await compileClassSchema(Price)({ ...VALID, all: [{ bid: 1 }, { bid: 'x' }], symbol: 5 }, undefined),
    ).toEqual({
      issues: [
        { path: ['symbol'], message: 'symbol must be shorter than or equal to 6 characters' },
        { path: ['symbol'], message: 'symbol must be a string' },
        {
          path: ['all', '1', 'bid'],
          message: 'bid must be a number conforming to the specified constraints',
        },
      ],
    });
    expect(validate).toHaveBeenCalledTimes(1);
    expect(plainToInstance).not.toHaveBeenCalled();
  });

  it('knows every decorator that class-validator brings', () => {
    const { validate } = spies();
    const given: Record<string, unknown[]> = { IsInstance: [Date], IsEnum: [{}], ValidateIf: [() => true] };
    const factories = Object.entries(validator as unknown as Record<string, (...args: unknown[]) => unknown>).filter(
      ([name]) => /^[A-Z][a-z]/.test(name) && !['Validate', 'ValidateBy', 'ValidatorConstraint'].includes(name),
    );
    const names = factories.flatMap(([name, factory]) => {
      class Model {
        property?: unknown;
      }
      const decorator =
        typeof factory === 'function' && !String(factory).startsWith('class') && factory(...(given[name] ?? []));
      if (typeof decorator !== 'function') {
        return [];
      }
      decorator(Model.prototype, 'property');
      IsOptional()(Model.prototype, 'property');
      expect([name, compileClassSchema(Model)({}, undefined)]).toEqual([name, { value: {} }]);
      return [name];
    });
    expect(names.length).toBeGreaterThan(100);
    expect(validate).not.toHaveBeenCalled();
  });

  describe('leaves to class-validator', () => {
    /** Whether a valid object of a class is judged at once, where the class has one property. */
    const isSync = async (value: unknown, ...decorators: PropertyDecorator[]): Promise<boolean> => {
      class Model {
        property: unknown;
      }
      decorators.forEach((decorator) => decorator(Model.prototype, 'property'));
      const result = compileClassSchema(Model)(Object.assign(new Model(), { property: value }), undefined);
      expect((await result).issues).toBeUndefined();
      return !(result instanceof Promise);
    };

    it('constraints of the application, which are called once for each event', async () => {
      let calls = 0;
      @ValidatorConstraint()
      class Odd implements ValidatorConstraintInterface {
        validate(value: number): boolean {
          calls++;
          return value % 2 === 1;
        }
      }
      class Model {
        @IsInt() first!: number;
        @Validate(Odd, { message: '$property must be odd' }) second!: number;
      }
      const validate = compileClassSchema(Model);
      expect(await validate({ first: 1, second: 1 }, undefined)).toEqual({ value: { first: 1, second: 1 } });
      expect(calls).toBe(1);
      expect(await validate({ first: 'x', second: 2 }, undefined)).toMatchObject({
        issues: [{ path: ['first'] }, { path: ['second'], message: 'second must be odd' }],
      });
      expect(calls).toBe(2);
    });

    it('asynchronous constraints, also where they have a name of class-validator’s own', async () => {
      const isLater =
        (async: boolean, isValid: boolean, each = false): PropertyDecorator =>
        (target, propertyName) =>
          registerDecorator({
            name: 'isInt',
            async,
            target: target.constructor,
            propertyName: propertyName as string,
            options: { message: 'too late', each },
            validator: { validate: () => Promise.resolve(isValid) },
          });
      for (const async of [true, false]) {
        expect(await isSync(1, isLater(async, true))).toBe(false);
        expect(await isSync([1], isLater(async, true, true))).toBe(false);
        class Model {
          property: unknown;
        }
        isLater(async, false)(Model.prototype, 'property');
        expect(await compileClassSchema(Model)({ property: 1 }, undefined)).toEqual({
          issues: [{ path: ['property'], message: 'too late' }],
        });
      }
    });

    it('what is to be called once for each event', async () => {
      let calls = 0;
      class Model {
        property: unknown;
      }
      registerDecorator({
        name: 'isInt',
        async: true,
        target: Model,
        propertyName: 'property',
        validator: { validate: () => Promise.resolve(++calls > 0) },
      });
      await compileClassSchema(Model)({ property: 1 }, undefined);
      expect(calls).toBe(1);
    });

    it('errors of conditions', async () => {
      const broken = ValidateIf(() => {
        throw new Error('broken condition');
      });
      class Model {
        @IsInt() @broken @ValidateIf(() => false) first?: number;
      }
      class Other {
        @IsInt() @ValidateIf(undefined as never) first?: number;
      }
      expect(await compileClassSchema(Model)({}, undefined)).toEqual({
        issues: [{ path: [], message: 'could not be validated: broken condition' }],
        cause: new Error('broken condition'),
      });
      expect(await compileClassSchema(Other)({}, undefined)).toMatchObject({
        issues: [{ message: 'could not be validated: metadata.constraints[0] is not a function' }],
      });
    });

    it('the option `validateIf`, which not every version knows', async () => {
      const onlyIf =
        (isAsked: boolean): PropertyDecorator =>
        (target) => {
          const rules = validator
            .getMetadataStorage()
            .getTargetValidationMetadatas(target.constructor, '', true, false);
          rules.forEach((rule) => Object.assign(rule, { validateIf: () => isAsked }));
        };
      expect(await isSync(1, IsInt())).toBe(true);
      expect(await isSync(1, IsInt(), onlyIf(true))).toBe(false);
      expect(await isSync(1, IsInt(), onlyIf(false))).toBe(false);
    });

    it('promises, sets and maps', async () => {
      expect(await isSync(Promise.resolve('a'), IsString(), ValidatePromise())).toBe(false);
      expect(await isSync('a', IsString(), ValidatePromise())).toBe(true);
      class Later {
        @ValidateNested() @ValidatePromise() best!: Promise<Quote>;
      }
      const later = Object.assign(new Later(), { best: Promise.resolve(quote('x')) });
      expect(await compileClassSchema(Later)(later, undefined)).toMatchObject({ issues: [{ path: ['best', 'bid'] }] });
      for (const each of [true, false]) {
        expect(await isSync(new Set([quote(1)]), ValidateNested({ each }))).toBe(false);
        expect(await isSync(new Map([['k', quote(1)]]), ValidateNested({ each }))).toBe(false);
      }
      expect(await isSync(new Set(['a']), IsString({ each: true }))).toBe(false);
      class Bag extends Set<Quote> {
        @IsInt() weight = 1;
      }
      class Shop {
        @ValidateNested() bag = new Bag([quote('x')]);
      }
      expect(await compileClassSchema(Shop)(new Shop(), undefined)).toMatchObject({
        issues: [{ path: ['bag', '0', 'bid'] }],
      });
      expect(await isSync(new Map([['k', 'a']]), IsString({ each: true }))).toBe(false);
    });

    it('a chain that is too long to be one, and what holds itself', async () => {
      class Node {
        @IsOptional() @ValidateNested() @Type(() => Node) next?: Node;
      }
      const chain = (length: number): Node =>
        length === 0 ? new Node() : Object.assign(new Node(), { next: chain(length - 1) });
      const validate = compileClassSchema(Node);
      expect(validate(chain(50), undefined)).not.toBeInstanceOf(Promise);
      expect(validate(chain(150), undefined)).toBeInstanceOf(Promise);
      let nested: unknown = [];
      for (let depth = 0; depth < 150; depth++) {
        nested = [nested];
      }
      expect(await isSync(nested, ValidateNested())).toBe(false);

      const loop = new Node();
      loop.next = loop;
      const array: unknown[] = [];
      array.push(array);
      for (const cyclic of [loop, { ...loop }, { next: array }, { other: loop }]) {
        expect(await validate(cyclic, undefined)).toMatchObject({
          issues: [{ message: expect.stringMatching(/Maximum call stack size exceeded|holds itself/) }],
          cause: expect.any(RangeError),
        });
      }
    });

    it('everything where the container holds another validator', async () => {
      class Model {
        @IsString() text!: string;
      }
      const found = { property: 'text', constraints: { custom: 'refused' } } as unknown as ValidationError;
      class RefusingValidator extends Validator {
        override validate(): Promise<ValidationError[]> {
          return Promise.resolve([found]);
        }
      }
      const other = new RefusingValidator();
      useContainer({ get: (type) => (type === Validator ? other : undefined) }, { fallback: true });
      try {
        expect(getFromContainer(Validator)).toBe(other);
        expect(await compileClassSchema(Model)({ text: 'a' }, undefined)).toEqual({
          issues: [{ path: ['text'], message: 'refused' }],
        });
      } finally {
        useContainer(undefined as never);
      }
    });

    it('everything where the container makes something else of its constraints', async () => {
      class Model {
        @IsString() text!: string;
      }
      const validate = compileClassSchema(Model);
      useContainer({ get: (type) => (type === Validator ? new Validator() : { validate: () => true }) });
      try {
        expect(validate({ text: 5 }, undefined)).toBeInstanceOf(Promise);
        expect(await validate({ text: 5 }, undefined)).toEqual({ value: { text: 5 } });
      } finally {
        useContainer(undefined as never);
      }
    });

    it('everything where the container fails, and the error with it', async () => {
      class Model {
        @IsString() text!: string;
      }
      const validate = compileClassSchema(Model);
      useContainer({
        get: () => {
          throw new Error('no such provider');
        },
      });
      try {
        expect(await validate({ text: 'a' }, undefined)).toEqual({
          issues: [{ path: [], message: 'could not be validated: no such provider' }],
          cause: new Error('no such provider'),
        });
      } finally {
        useContainer(undefined as never);
      }
    });
  });

  it('gives constraints the arguments that class-validator gives', () => {
    const seen: unknown[] = [];
    class Model {
      property: unknown;
    }
    registerDecorator({
      name: 'isInt',
      target: Model,
      propertyName: 'property',
      constraints: [1],
      options: { each: true },
      validator: { validate: (...given) => seen.push(given) > 0 },
    });
    const object = Object.assign(new Model(), { property: ['a', 'b'] });
    expect(compileClassSchema(Model)(object, undefined)).toEqual({ value: { property: ['a', 'b'] } });
    const args = { targetName: 'Model', property: 'property', object, value: object.property, constraints: [1] };
    expect(seen).toEqual([
      ['a', args],
      ['b', args],
    ]);
  });

  it('judges at once, too, where conditions leave a property out or nothing is there', () => {
    class Model {
      @ValidateNested() best?: Quote;
      @ValidateNested() all?: (Quote | undefined)[];
      @IsInt() @ValidateIf(() => false) number!: unknown;
      @IsOptional() promise?: Promise<string>;
    }
    const object = Object.assign(new Model(), {
      all: [undefined, quote(1)],
      number: 'x',
      promise: Promise.resolve('a'),
    });
    expect(compileClassSchema(Model)(object, undefined)).not.toBeInstanceOf(Promise);
  });

  describe('leaves to class-transformer', () => {
    const Model = (...decorators: PropertyDecorator[]) => {
      class Decorated {
        @IsOptional() property?: unknown;
      }
      decorators.forEach((decorator) => decorator(Decorated.prototype, 'property'));
      return Decorated;
    };

    it.each<[string, PropertyDecorator]>([
      ['@Expose', Expose()],
      ['@Exclude', Exclude()],
      ['@Transform', Transform(({ value }) => value as unknown)],
      ['a discriminator', Type(() => Quote, { discriminator: { property: 'kind', subTypes: [] } })],
      ['a type that depends on the object', Type((options) => (options?.object ? Quote : String))],
    ])('a class with %s, or that inherits it', (_name, decorator) => {
      for (const base of [Model(decorator), class extends Model(decorator) {}]) {
        const { plainToInstance, instanceToPlain } = spies();
        compileClassSchema(base)({}, undefined);
        expect(plainToInstance).toHaveBeenCalledTimes(1);
        expect(instanceToPlain).toHaveBeenCalledTimes(1);
        jest.restoreAllMocks();
      }
    });

    it('serializerOptions that are about more than decorators', () => {
      const called = (options: CompileClassSchema.SerializerOptions): boolean => {
        const { instanceToPlain } = spies();
        compileClassSchema(Model(), { serializerOptions: options })({ property: 'a' }, undefined);
        const isCalled = instanceToPlain.mock.calls.length > 0;
        jest.restoreAllMocks();
        return isCalled;
      };
      expect([{}, { groups: ['admin'] }, { version: 2 }].map(called)).toEqual([false, false, false]);
      expect([{ strategy: 'exposeAll' as const }, { exposeUnsetFields: false }].map(called)).toEqual([true, true]);
    });

    it('what it converts in ways of its own', () => {
      class Thenable {
        then(resolve: (value: string) => void): void {
          resolve('a');
        }
      }
      const misnamed = Object.defineProperty({}, 'constructor', { value: Quote });
      const deep = Array.from({ length: 150 }).reduce((value) => ({ value }), 'a');
      const functions = [() => 'a', { f: () => 'a' }];
      const values = [
        Buffer.from('a'),
        new Set(['a']),
        [undefined],
        Object.create(null),
        new Thenable(),
        misnamed,
        deep,
        { toString: 'a' },
        JSON.parse('{"__proto__":"a"}'),
      ];
      for (const value of [...functions, ...values]) {
        const { plainToInstance } = spies();
        compileClassSchema(Model())({ property: value as unknown }, undefined);
        expect(plainToInstance).toHaveBeenCalledTimes(1);
        jest.restoreAllMocks();
      }
    });

    it('what is to become a set or a map', () => {
      class Declared {
        @IsOptional() @Type(() => Quote) all?: Set<Quote>;
      }
      class DeclaredMap {
        @IsOptional() @Type(() => Quote) all?: Map<string, Quote>;
      }
      const { plainToInstance } = spies();
      compileClassSchema(Declared)({ all: [] }, undefined);
      compileClassSchema(DeclaredMap)({ all: { best: { bid: 1 } } }, undefined);
      expect(plainToInstance).toHaveBeenCalledTimes(2);
    });

    it('a type that is no class, and constructs nothing before', () => {
      let constructed = 0;
      class Counted {
        @IsOptional() @Type((() => ({})) as never) property: unknown;
        constructor() {
          constructed++;
        }
      }
      const validate = compileClassSchema(Counted);
      expect(validate({ property: {} }, undefined)).toMatchObject({
        issues: [{ path: ['property'], message: expect.stringContaining('targetType is not a constructor') }],
      });
      expect(constructed).toBe(1);
    });

    it('everything where its storage is not to be had, or is another', () => {
      const { _excludeMetadatas } = transformerStorage();
      const storages: (() => unknown)[] = [
        () => {
          throw new Error('Cannot find module');
        },
        () => ({ defaultMetadataStorage: {} }),
        () => ({ defaultMetadataStorage: { _excludeMetadatas } }),
        () => ({
          defaultMetadataStorage: {
            _typeMetadatas: new Map(),
            _transformMetadatas: new Map(),
            _exposeMetadatas: new Map(),
            _excludeMetadatas: new Map(),
          },
        }),
      ];
      for (const storage of storages) {
        jest.isolateModules(() => {
          jest.doMock('class-transformer/cjs/storage', storage);
          jest.doMock('class-transformer', () => transformer);
          jest.doMock('class-validator', () => validator);
          try {
            const plainToInstance = jest.spyOn(transformer, 'plainToInstance');
            const instanceToPlain = jest.spyOn(transformer, 'instanceToPlain');
            const compile = jest.requireActual<typeof CompileClassSchema>('../../src/validation/compile-class-schema');
            class Renamed {
              @IsInt() @Expose({ name: 'number' }) n!: number;
            }
            expect(compile.compileClassSchema(Renamed)({ n: 1 }, undefined)).toEqual({ value: { number: 1 } });
            expect(plainToInstance).toHaveBeenCalledTimes(1);
            expect(instanceToPlain).toHaveBeenCalledTimes(1);
          } finally {
            jest.restoreAllMocks();
            for (const name of ['class-transformer/cjs/storage', 'class-transformer', 'class-validator']) {
              jest.dontMock(name);
            }
          }
        });
      }
    });
  });

  it('converts nothing where there is nothing', () => {
    class Model {
      @IsOptional() @Type(() => String) text?: unknown;
      @IsOptional() @Type(() => Date) at?: unknown;
      @IsOptional() @Type(() => Number) number?: unknown;
    }
    const validate = compileClassSchema(Model);
    const none = { text: null, at: undefined, number: null };
    expect(validate(none, undefined)).toEqual({ value: none });
    expect(validate({ text: 1, at: 5, number: '7' }, undefined)).toEqual({
      value: { text: '1', at: new Date(5), number: 7 },
    });
  });

  it('gives functions of @Type what class-transformer gives, whatever they declare', () => {
    class Model {
      @IsOptional() kind = 'number';
      @IsOptional()
      @Type((options = {} as TypeHelpOptions) => (options.object.kind === 'number' ? Number : String))
      property: unknown;
    }
    const validate = compileClassSchema(Model);
    expect(validate({ kind: 'number', property: '7' }, undefined)).toEqual({ value: { kind: 'number', property: 7 } });
    expect(validate({ kind: 'text', property: 7 }, undefined)).toEqual({ value: { kind: 'text', property: '7' } });
  });

  it('sees decorators and validators of a container that come before the first event', async () => {
    class Model {
      @IsOptional() n?: unknown;
    }
    const validate = compileClassSchema(Model);
    IsInt()(Model.prototype, 'n');
    Expose({ name: 'number' })(Model.prototype, 'n');
    expect(await validate({ n: 'x' }, undefined)).toMatchObject({ issues: [{ path: ['n'] }] });
    expect(validate({ n: 1 }, undefined)).toEqual({ value: { number: 1 } });
  });

  it('leaves no trace in the storage of class-transformer', () => {
    const size = (): number[] => Object.values(transformerStorage()).map((map) => map.size);
    const before = size();
    compileClassSchema(Quote);
    expect(size()).toEqual(before);
  });
});
