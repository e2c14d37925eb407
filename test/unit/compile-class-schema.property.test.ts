import 'reflect-metadata';
import { inspect } from 'node:util';
import type { Type as Class } from '@nestjs/common';
import * as transformer from 'class-transformer';
import { Exclude, Expose, Transform, Type, type ExposeOptions, type TransformOptions } from 'class-transformer';
import * as validator from 'class-validator';
import {
  Allow,
  IsDefined,
  IsOptional,
  registerDecorator,
  useContainer,
  Validate,
  ValidateIf,
  ValidateNested,
  ValidatePromise,
  ValidatorConstraint,
  type ValidationArguments,
  type ValidationOptions,
} from 'class-validator';
import * as fc from 'fast-check';
import { toIssues } from '../../src/validation/class-issues';
import {
  compileClassSchema,
  type ClassSchemaOptions,
  type Extraneous,
  type SerializerOptions,
} from '../../src/validation/compile-class-schema';
import type { Validate as ValidateData, ValidationResult } from '../../src/validation/validate';

const RUNS = { numRuns: 1_000 };

/** The same by class-validator and class-transformer alone. What they throw, they throw. */
function compileReference(model: Class, { serializerOptions, extraneous }: ClassSchemaOptions): ValidateData {
  return async (data) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      return { issues: [{ path: [], message: `must be an object of the class ${model.name}` }] };
    }
    const instance: object =
      data instanceof model ? data : transformer.plainToInstance(model, data, { ignoreDecorators: true });
    const errors = await validator.validate(instance, {
      whitelist: extraneous !== 'keep',
      forbidNonWhitelisted: extraneous === 'refuse',
    });
    return errors.length > 0
      ? { issues: toIssues(errors) }
      : { value: transformer.instanceToPlain(instance, serializerOptions) };
  };
}

/** As fields of a class are: no setter is called. */
const assigned = (target: object, properties: object): object =>
  Object.defineProperties(target, Object.getOwnPropertyDescriptors(properties));

/** Calls of the application's own code, which are to be the same, too. */
let calls: string[] = [];

// --- Decorators

/** The arguments before the options of a validation, by decorator; most decorators have none. */
const ARGUMENTS: Record<string, readonly unknown[]> = {
  ArrayContains: [['a']],
  ArrayMaxSize: [1],
  ArrayMinSize: [1],
  ArrayNotContains: [['b']],
  ArrayUnique: [(item: unknown) => item],
  Contains: ['a'],
  Equals: ['a'],
  IsAlpha: ['en-US'],
  IsAlphanumeric: ['en-US'],
  IsBase64: [{}],
  IsByteLength: [1, 3],
  IsCurrency: [{}],
  IsDateString: [{}],
  IsDecimal: [{}],
  IsDivisibleBy: [2],
  IsEmail: [{}],
  IsEnum: [{ A: 'a', One: 1 }],
  IsFQDN: [{}],
  IsHash: ['md5'],
  IsIBAN: [{}],
  IsIP: [4],
  IsISBN: ['10'],
  IsISO8601: [{}],
  IsISSN: [{}],
  IsIdentityCard: ['any'],
  IsIn: [['a', 1, null]],
  IsInstance: [Date],
  IsMACAddress: [{}],
  IsMobilePhone: ['any', {}],
  IsNotEmptyObject: [{ nullable: false }],
  IsNotIn: [['b', 2]],
  IsNumber: [{ maxDecimalPlaces: 1 }],
  IsNumberString: [{}],
  IsPassportNumber: ['DE'],
  IsPhoneNumber: ['DE'],
  IsPostalCode: ['any'],
  IsRgbColor: [true],
  IsStrongPassword: [{}],
  IsTaxId: ['de-DE'],
  IsUUID: ['4'],
  IsUrl: [{}],
  Length: [1, 3],
  Matches: [/^a/],
  Max: [2],
  MaxDate: [() => new Date(1_000)],
  MaxLength: [2],
  Min: [1],
  MinDate: [new Date(0)],
  MinLength: [2],
  NotContains: ['b'],
  NotEquals: ['b'],
};

/** What has no arguments and options like the others. */
const SPECIAL = ['Allow', 'IsOptional', 'Validate', 'ValidateBy', 'ValidateIf', 'ValidateNested', 'ValidatePromise'];

type Decorator = (target: object, key: string) => void;
type DecoratorFactory = (...parameters: unknown[]) => Decorator;

const OWN_DECORATORS = Object.keys(validator).filter(
  (name) =>
    /^(?:Is|Array|Contains|Not|Equals|Min|Max|Length|Matches)/.test(name) &&
    /[a-z]/.test(name) &&
    !SPECIAL.includes(name),
);

const own = (name: string, options: ValidationOptions): Decorator =>
  (validator as unknown as Record<string, DecoratorFactory>)[name]!(...(ARGUMENTS[name] ?? []), options);

const OFTEN = [
  'IsString',
  'IsNumber',
  'IsInt',
  'IsBoolean',
  'IsDate',
  'IsArray',
  'IsObject',
  'IsIn',
  'Min',
  'MaxLength',
];

const validationOptions: fc.Arbitrary<ValidationOptions> = fc.record(
  {
    each: fc.boolean(),
    message: fc.constantFrom<NonNullable<ValidationOptions['message']>>(
      'no $property of $target: $value, $constraint1',
      ({ value, constraints, object, property, targetName }: ValidationArguments) => {
        calls.push(`message of ${property}`);
        return `${typeof value} ${constraints?.length} ${Object.keys(object).length} ${targetName} $value`;
      },
    ),
    groups: fc.constantFrom(['g'], ['g', 'h'], []),
    always: fc.boolean(),
    context: fc.constant({ code: 7 }),
    validateIf: fc.constantFrom<NonNullable<ValidationOptions['validateIf']>>(
      (object) => 'a' in (object as object),
      (_object, value) => value !== 'abc',
    ),
  },
  { requiredKeys: [] },
);
const rarely = <T>(arbitrary: fc.Arbitrary<T>, otherwise: T, weight = 3): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(otherwise), weight }, { arbitrary, weight: 1 });
const someOptions = rarely(validationOptions, {});

class IsShort {
  validate(value: unknown, { constraints }: ValidationArguments): boolean {
    calls.push('IsShort');
    return String(typeof value === 'symbol' ? '' : JSON.stringify(value)).length < ((constraints?.[0] as number) ?? 9);
  }
  defaultMessage({ property }: ValidationArguments): string {
    return `${property} is long`;
  }
}
ValidatorConstraint({ name: 'short' })(IsShort);

class IsShortLater {
  async validate(value: unknown): Promise<boolean> {
    calls.push('IsShortLater');
    return typeof value !== 'string' || value.length < 3;
  }
}
ValidatorConstraint({ async: true })(IsShortLater);

/** No `@ValidatorConstraint`: class-validator takes no notice of it. */
class NoConstraint {
  validate(): boolean {
    return false;
  }
}

const custom =
  (name: string, isAsync: boolean | undefined, answer: (value: unknown) => unknown) =>
  (options: ValidationOptions): Decorator =>
  (target, propertyName) =>
    registerDecorator({
      name,
      async: isAsync,
      target: target.constructor,
      propertyName,
      options,
      constraints: ['x'],
      validator: {
        validate: (value) => {
          calls.push(name);
          return answer(value) as boolean;
        },
      },
    });

const CUSTOM: readonly ((options: ValidationOptions) => Decorator)[] = [
  (options) => Validate(IsShort, options) as Decorator,
  (options) => Validate(IsShort, [4], options) as Decorator,
  (options) => Validate(IsShortLater, options) as Decorator,
  (options) => Validate(NoConstraint, options) as Decorator,
  custom('isTruthy', undefined, (value) => value),
  custom('isAsync', true, async (value) => value !== 1),
  custom('isAsyncInSecret', undefined, async (value) => value !== 1),
  custom('7', false, (value) => value === 'a'),
];

/** Named as class-validator's own are: they may be called again for data that do not fit. */
const NAMESAKES: readonly ((options: ValidationOptions) => Decorator)[] = [
  'whitelistValidation',
  'isDefined',
  'isInt',
].map((name) => custom(name, undefined, (value) => (calls.pop(), value !== 'abc')));

const rule: fc.Arbitrary<Decorator> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom(...OFTEN), someOptions).map(([name, options]) => own(name, options)),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom(...OWN_DECORATORS), someOptions).map(([name, options]) => own(name, options)),
  },
  { weight: 4, arbitrary: someOptions.map((options) => ValidateNested(options) as Decorator) },
  { weight: 3, arbitrary: someOptions.map((options) => IsOptional(options) as Decorator) },
  { weight: 1, arbitrary: someOptions.map((options) => IsDefined(options) as Decorator) },
  { weight: 1, arbitrary: someOptions.map((options) => Allow(options) as Decorator) },
  { weight: 1, arbitrary: someOptions.map((options) => ValidatePromise(options) as Decorator) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom<(object: object, value: unknown) => unknown>(
          (_object, value) => typeof value !== 'number',
          (object) => 'b' in object,
          (object) => (object as { method?(): unknown }).method?.(),
          (_object, value) => {
            if (value === 'abc') {
              throw new RangeError('condition');
            }
            return Promise.resolve(false);
          },
        ),
        someOptions,
      )
      .map(([condition, options]) => ValidateIf(condition as never, options) as Decorator),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...CUSTOM, ...NAMESAKES), someOptions).map(([make, options]) => make(options)),
  },
);

class Inner {
  n!: unknown;
}
validator.IsInt()(Inner.prototype, 'n');
class SubInner extends Inner {
  text = 'default';
}
validator.IsString()(SubInner.prototype, 'text');
class Node {
  name!: unknown;
  next?: unknown;
}
validator.IsString()(Node.prototype, 'name');
(ValidateNested() as Decorator)(Node.prototype, 'next');
(Type(() => Node) as Decorator)(Node.prototype, 'next');
class Renamed {
  n = 1;
  secret = 2;
}
validator.IsInt()(Renamed.prototype, 'n');
Expose({ name: 'number' })(Renamed.prototype, 'n');
Exclude()(Renamed.prototype, 'secret');
// Whatever class-transformer's decorators name is declared here.
(Allow() as Decorator)(Renamed.prototype, 'secret');
class Undecorated {
  x = 1;
}
class Pet {
  kind?: string;
}
class SpecialArray extends Array<unknown> {}
class SpecialDate extends Date {}

const discriminator = {
  property: 'kind',
  subTypes: [
    { value: Inner, name: 'inner' },
    { value: Node, name: 'node' },
  ],
};

const toType = (type: Class | NumberConstructor | DateConstructor | StringConstructor): Decorator =>
  Type(() => type) as Decorator;

const conversion: fc.Arbitrary<Decorator> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .constantFrom<(() => unknown)[]>(
        ...[Inner, Node, SubInner, Renamed, Undecorated, String, Number, Boolean, Date].map((type) => () => type),
        ...[Buffer, Object, Map, Set, Array, SpecialArray, undefined, null].map((type) => () => type),
      )
      .map((type) => Type(type as never) as Decorator),
  },
  {
    weight: 1,
    arbitrary: fc.constant(Type(((options: object) => Object.keys(options).length > 2 && Inner) as never) as Decorator),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(true, false)
      .map((keepDiscriminatorProperty) => Type(() => Pet, { discriminator, keepDiscriminatorProperty }) as Decorator),
  },
  { weight: 1, arbitrary: fc.constant(Type() as Decorator) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<ExposeOptions[]>({}, { name: 'c' }, { groups: ['g'] }, { since: 2 }, { toPlainOnly: true })
      .map((options) => Expose(options)),
  },
  { weight: 1, arbitrary: fc.constantFrom({}, { toClassOnly: true }).map((options) => Exclude(options)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<TransformOptions[]>({}, { toClassOnly: true }, { groups: ['g'] })
      .map((options) => Transform(({ value }) => [value], options)),
  },
);

/** What reflection says of a property, which class-transformer reads with `@Type`. */
const designType = rarely(
  fc.constantFrom<unknown[]>(Array, Object, Map, Set, Inner, Date, SpecialArray, Promise),
  undefined,
);

// --- Classes

interface Field {
  readonly key: string;
  readonly rules: readonly Decorator[];
  readonly conversions: readonly Decorator[];
  readonly designType: unknown;
}

interface Blueprint {
  readonly fields: readonly Field[];
  readonly ofClass: readonly ((target: Class) => void)[];
  readonly constructed: Readonly<Record<string, unknown>>;
  readonly hasAccessors: boolean;
}

const KEYS = ['a', 'b', 'c', '0', '10', 'label', 'then', 'toString'];
const key = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 1, arbitrary: fc.constantFrom(...KEYS) },
);

const field: fc.Arbitrary<Field> = fc.record({
  key,
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
  conversions: rarely(fc.array(conversion, { minLength: 1, maxLength: 2 }), []),
  designType,
});

const blueprint: fc.Arbitrary<Blueprint> = fc.record({
  fields: fc.array(field, { maxLength: 4 }),
  ofClass: rarely(
    fc.constantFrom<(target: Class) => void>(Exclude(), Expose()).map((one) => [one]),
    [],
    15,
  ),
  constructed: rarely(
    fc.dictionary(
      key,
      fc.constantFrom<unknown>('a', 1, undefined, () => 'called', { x: 1 }),
      { maxKeys: 2, noNullPrototype: true },
    ),
    {},
  ),
  hasAccessors: rarely(fc.boolean(), false),
});

function decorate(target: Class, { fields, ofClass, hasAccessors }: Blueprint): void {
  if (hasAccessors) {
    Object.defineProperty(target.prototype, 'label', { configurable: true, get: () => 'a label' });
    Object.defineProperty(target.prototype, 'method', { configurable: true, value: () => true });
  }
  for (const { key: property, rules, conversions, designType: type } of fields) {
    if (type !== undefined) {
      Reflect.defineMetadata('design:type', type, target.prototype, property);
    }
    [...rules, ...conversions].forEach((apply) => apply(target.prototype, property));
  }
  ofClass.forEach((apply) => apply(target));
}

function build(base: Blueprint, derived: Blueprint | undefined): { model: Class; derivedModel: Class } {
  class Base {
    constructor() {
      calls.push('new Base');
      assigned(this, base.constructed);
    }
  }
  decorate(Base, base);
  class Derived extends Base {
    constructor() {
      super();
      calls.push('new Derived');
      assigned(this, derived?.constructed ?? {});
    }
  }
  if (derived) {
    decorate(Derived, derived);
  }
  return { model: Base, derivedModel: Derived };
}

// --- Values, made anew for each of the two

type Make = (models: { model: Class; derivedModel: Class }) => unknown;

const inner = (n: unknown): object => assigned(new Inner(), { n });
const node = (name: unknown, next?: unknown): object => assigned(new Node(), { name, next });

const FITTING: readonly Make[] = [
  () => 'a',
  () => 'ab',
  () => 1,
  () => 2,
  () => true,
  () => new Date(5),
  () => ['a'],
  () => inner(1),
  () => ({ n: 1 }),
  () => [inner(1), inner(2)],
  () => [{ n: 1 }],
  () => ({ name: 'x', next: { name: 'y' } }),
  () => node('x', node('y')),
];

const ODD: readonly Make[] = [
  () => '',
  () => 'abc',
  () => '1970-01-01T00:00:00Z',
  () => 'user@example.com',
  () => '7c6e1b5c-8f0e-4bd9-9b57-3c9a3e1c8d1e',
  () => '127.0.0.1',
  () => 'DE89370400440532013000',
  () => '$value $1',
  () => 0,
  () => -0,
  () => -1.25,
  () => Number.NaN,
  () => Infinity,
  () => 10n,
  () => Symbol('s'),
  () => null,
  () => undefined,
  () => false,
  () => new Date(Number.NaN),
  () => new SpecialDate(0),
  () => [],
  () => [undefined],
  () => [null, 1],
  () => Object.assign([], { 1: 'a' }),
  () => [['a'], [inner(1)]],
  () => [inner(1), inner('one')],
  () => SpecialArray.of('a'),
  () => Object.assign(['a'], { extra: 1 }),
  () => ({ __proto__: [], 0: 'a' }),
  () => ({}),
  () => ({ n: 'one', extra: { deep: [{ deeper: new Date(1) }] } }),
  () => ({ kind: 'inner', n: 1 }),
  () => [{ kind: 'node', name: 'x' }],
  () => ({ constructor: 1 }),
  () => Object.defineProperty({ n: 1 }, 'constructor', { value: Inner }),
  () => JSON.parse('{"__proto__":{"n":1},"n":2}'),
  () => ({ toString: 'not a function' }),
  () => ({ [Symbol('key')]: 1, n: 1 }),
  () => Object.freeze({ n: 1 }),
  () => Object.assign(Object.create(null), { n: 1 }),
  () => Object.create({ n: 1 }, { own: { value: 1, enumerable: true } }),
  () => ({
    get n() {
      return 1;
    },
  }),
  () => ({
    get n() {
      throw new EvalError('getter');
    },
  }),
  () => inner('one'),
  () => assigned(new SubInner(), { n: 1 }),
  () => assigned(new SubInner(), { n: 1, text: 5 }),
  () => assigned(new Inner(), { n: 1, then: 1 }),
  () => Object.create(Inner.prototype, { n: { value: 1, enumerable: true }, constructor: { value: Node } }),
  () => new Renamed(),
  () => new Undecorated(),
  () => node('x', node(5)),
  () => node('x', [node('y'), { name: 'z' }]),
  () => new Set(['a', 'b']),
  () => new Set([inner(1)]),
  () => new Set([inner('one')]),
  () => new Map([['k', 'a']]),
  () => new Map<unknown, unknown>([[1, inner(1)]]),
  () => new Map<unknown, unknown>([[null, inner('one')]]),
  // Not of an object: what class-transformer throws of one is nobody's to catch, and ends the process.
  () => Promise.resolve('a'),
  () => ({ then: (resolve: (value: unknown) => void) => resolve(1) }),
  () => () => 'called',
  () => [() => 'not called'],
  () => ({ f: () => 'called' }),
  () => Buffer.from('a'),
  () => new Uint8Array([1]),
  () => /x/,
  () => new Error('an error'),
  () => Object('a'),
  () => Object(1),
  () => new Proxy({ n: 1 }, {}),
  () => new Proxy(inner(1), {}),
  ({ model }) => new model(),
  ({ derivedModel }) => [new derivedModel()],
];

const anything: fc.Arbitrary<Make> = fc
  .anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
  })
  .map((value) => () => value);

const value: fc.Arbitrary<Make> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...FITTING) },
  { weight: 4, arbitrary: fc.constantFrom(...ODD) },
  { weight: 1, arbitrary: anything },
);

type Properties = readonly (readonly [string, Make])[];

const properties: fc.Arbitrary<Properties> = fc.uniqueArray(fc.tuple(key, value), {
  selector: ([name]) => name,
  maxLength: 4,
});

const toObject = (entries: Properties, models: Parameters<Make>[0]): object =>
  Object.defineProperties(
    {},
    Object.fromEntries(
      entries.map(([name, make]) => [
        name,
        { value: make(models), configurable: true, enumerable: true, writable: true },
      ]),
    ),
  );

const FORMS: Record<string, (entries: Properties, models: Parameters<Make>[0]) => unknown> = {
  plain: toObject,
  instance: (entries, models) => assigned(new models.model(), toObject(entries, models)),
  subclass: (entries, models) => assigned(new models.derivedModel(), toObject(entries, models)),
};

const RARE_FORMS: typeof FORMS = {
  frozen: (entries, models) => Object.freeze(assigned(new models.model(), toObject(entries, models))),
  bare: (entries, models) => assigned(Object.create(null), toObject(entries, models)),
  inherited: (entries, models) => Object.create(toObject(entries, models)),
  created: (entries, models) => assigned(Object.create(models.model.prototype), toObject(entries, models)),
  misnamed: (entries, models) =>
    Object.defineProperty(assigned(new models.model(), toObject(entries, models)), 'constructor', { value: Inner }),
  constructorless: (entries, models) =>
    Object.defineProperty(assigned(new models.model(), toObject(entries, models)), 'constructor', { value: undefined }),
  value: ([first], models) => first?.[1](models),
};

const form = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...Object.values(FORMS)) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.values(RARE_FORMS)) },
);

const serializerOptions = rarely<SerializerOptions | undefined>(
  fc.constantFrom<SerializerOptions[]>(
    {},
    { groups: ['g'] },
    { version: 1 },
    { strategy: 'excludeAll' },
    { excludePrefixes: ['a'] },
    { exposeUnsetFields: undefined },
    { enableCircularCheck: true },
    { enableImplicitConversion: true },
  ),
  undefined,
);

// Whether it is settled already depends on when one looks.
// oxlint-disable-next-line no-extend-native -- of this file's realm only
Object.defineProperty(Promise.prototype, inspect.custom, { value: () => 'Promise' });

const CANNOT = 'is not to be compared';

/** What a validation came to, as text: classes, the order of keys, symbols and what is not there included. */
async function outcomeOf(validate: ValidateData, data: unknown): Promise<string> {
  calls = [];
  let outcome: ValidationResult;
  try {
    outcome = await validate(data, undefined);
  } catch (error) {
    outcome = { issues: [], cause: error };
  }
  if (outcome.issues && 'cause' in outcome) {
    // Ours says where, too.
    const { name, message } = outcome.cause as Error;
    return message.startsWith('Cannot delete property') ? CANNOT : `${name}: ${message}`;
  }
  const text = inspect(outcome, { depth: null, maxArrayLength: null, maxStringLength: null });
  return `${text} after ${calls.join(', ')}`;
}

const setting = fc.record({
  base: blueprint,
  derived: fc.option(blueprint, { nil: undefined }),
  asDerived: fc.boolean(),
  serializerOptions,
  events: fc.array(fc.tuple(form, properties), { minLength: 1, maxLength: 4 }),
});

/** Fields with what fits them, and what just fails to. */
const KINDS: readonly { rules: readonly Decorator[]; fits: readonly Make[]; misses: readonly Make[] }[] = [
  {
    rules: [
      ...['IsString', 'MaxLength', 'Length', 'Contains', 'IsIn', 'Matches', 'IsAlpha', 'IsNotEmpty', 'IsEnum'].map(
        (name) => own(name, {}),
      ),
      ValidateIf((object) => 'b' in object) as Decorator,
      own('IsLowercase', { validateIf: (_object, fitting) => fitting === 'a' }),
      Validate(IsShort) as Decorator,
      Validate(IsShortLater) as Decorator,
    ],
    fits: [() => 'a', () => Object('a')],
    misses: [() => 'B', () => 'abcdefghi', () => '', () => 1, () => null, () => undefined],
  },
  {
    rules: [
      ...['IsNumber', 'IsInt', 'Min', 'Max', 'IsPositive', 'IsIn', 'IsEnum'].map((name) => own(name, {})),
      toType(Number),
    ],
    fits: [() => 1],
    misses: [
      () => '1',
      () => 'x',
      () => -1,
      () => 3,
      () => 1.25,
      () => Number.NaN,
      () => null,
      () => undefined,
      () => [1],
    ],
  },
  {
    rules: [...['IsDate', 'MinDate', 'MaxDate', 'IsInstance'].map((name) => own(name, {})), toType(Date)],
    fits: [() => new Date(5), () => new Date(6)],
    misses: [
      () => 5,
      () => '1970-01-01',
      () => null,
      () => undefined,
      () => new Date(2_000),
      () => new Date(Number.NaN),
    ],
  },
  {
    rules: [
      ...['IsArray', 'ArrayMaxSize', 'ArrayMinSize', 'ArrayUnique', 'ArrayContains', 'ArrayNotEmpty', 'IsNotEmpty'].map(
        (name) => own(name, {}),
      ),
      ...['IsString', 'MaxLength', 'IsIn', 'IsNotEmpty', 'IsObject'].map((name) => own(name, { each: true })),
      toType(String),
    ],
    fits: [() => ['a'], () => Object.assign(['a'], { extra: 1 })],
    misses: [
      () => ['a', 1],
      () => [1, 'a'],
      () => [],
      () => [''],
      () => [null, undefined],
      () => new Set(['a']),
      () => new Set(['']),
      () => new Map([['k', '']]),
      () => ({ 0: 'a', length: 1 }),
      () => [['a']],
      () => null,
    ],
  },
  {
    rules: [
      ValidateNested() as Decorator,
      toType(Inner),
      ValidatePromise() as Decorator,
      own('IsNotEmpty', {}),
      own('IsObject', {}),
    ],
    fits: [() => inner(1), () => ({ n: 1 }), () => [{ n: 1 }, inner(2)], () => [], () => undefined],
    misses: [
      () => null,
      () => 'text',
      () => 0,
      () => [null],
      () => [undefined, inner(1)],
      () => ['text'],
      () => [inner(1), inner('x')],
      () => [[inner('x')]],
      () => inner('x'),
      () => ({ n: 'x' }),
      () => new Undecorated(),
      () => Object.assign(Object.create(null), { n: 1 }),
      () => new Set([inner(1)]),
      () => new Set([inner('x')]),
      () => new Map([['k', inner('x')]]),
      () => Promise.resolve(''),
      () => Promise.resolve('a'),
    ],
  },
  {
    rules: [ValidateNested({ each: true }) as Decorator, toType(Node), IsDefined() as Decorator],
    fits: [() => node('x', node('y')), () => [{ name: 'x', next: [{ name: 'y' }] }], () => ({ name: 'x', more: [{}] })],
    misses: [() => node('x', node(1)), () => node('x', null), () => ({ name: 'x', next: [null] }), () => undefined],
  },
];

const fittingField = fc.constantFrom(...KINDS).chain(({ rules, fits, misses }) =>
  fc.record({
    rules: fc
      .tuple(
        fc.subarray([...rules], { minLength: 1, maxLength: 3 }),
        rarely(fc.constant<Decorator[]>([IsOptional() as Decorator]), []),
      )
      .map((lists) => lists.flat()),
    values: fc.array(
      fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(...fits) },
        { weight: 3, arbitrary: fc.constantFrom(...misses) },
        { weight: 1, arbitrary: value },
      ),
      { minLength: 4, maxLength: 4 },
    ),
  }),
);

/** Most of these data are valid. */
const fittingSetting = fc
  .tuple(
    fc.uniqueArray(fc.tuple(key, fittingField), { selector: ([name]) => name, minLength: 1, maxLength: 3 }),
    setting,
    fc.array(fc.constantFrom(...Object.values(FORMS)), { minLength: 4, maxLength: 4 }),
  )
  .map(([fields, other, forms]) => ({
    ...other,
    base: {
      ...other.base,
      fields: fields.map(([name, { rules }]) => ({ key: name, rules, conversions: [], designType: undefined })),
    },
    events: forms.map((make, index): [typeof make, Properties] => [
      make,
      fields.map(([name, { values }]) => [name, values[index]!] as const),
    ]),
  }));

/** Rules that see no property but their own: class-validator has taken away what is extraneous before it asks them. */
const ownRule: fc.Arbitrary<Decorator> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(...OFTEN), fc.boolean()).map(([name, each]) => own(name, { each })),
  },
  { weight: 4, arbitrary: fc.boolean().map((each) => ValidateNested({ each }) as Decorator) },
  { weight: 3, arbitrary: fc.constant(IsOptional() as Decorator) },
  { weight: 4, arbitrary: fc.constant(Allow() as Decorator) },
  { weight: 1, arbitrary: fc.constantFrom(...CUSTOM).map((make) => make({})) },
);

const withOwnRules = (blueprints: typeof blueprint): typeof blueprint =>
  fc
    .tuple(blueprints, fc.array(fc.array(ownRule, { minLength: 1, maxLength: 2 }), { minLength: 4, maxLength: 4 }))
    .map(([made, rules]) => ({
      ...made,
      fields: made.fields.map((one, index) => ({ ...one, rules: rules[index]! })),
    }));

/** Data with properties that no class declares, in any depth. */
const extraneousSetting = fc
  .tuple(setting, withOwnRules(blueprint), fc.option(withOwnRules(blueprint), { nil: undefined }))
  .map(([run, base, derived]) => ({ ...run, base, derived }));

/** Classes in classes, which are found in every place where class-validator looks for them. */
const nestedSetting = fc
  .tuple(
    setting,
    fc.array(
      fc.constantFrom<Make>(
        () => ({ n: 1, x: 2 }),
        () => [{ n: 1, x: 2 }, [{ n: 1, x: { n: 1 } }]],
        () => Object.assign(inner(1), { x: 2 }),
        () => [Object.assign(inner(1), { x: 2 }), inner(2)],
        () => new Set([Object.assign(inner(1), { x: 2 })]),
        () => new Map([['k', Object.assign(inner(1), { x: [3] })]]),
        () => ({ name: 'x', next: { name: 'y', x: 1 }, x: 1 }),
        () => node('x', Object.assign(node('y'), { x: 1 })),
        () => ({ x: 1 }),
        () => 'a',
      ),
      { minLength: 8, maxLength: 8 },
    ),
    fc.constantFrom(Inner, Node, undefined),
    fc.constantFrom('ValidateNested', 'Allow', 'IsObject'),
    fc.array(fc.constantFrom(...Object.values(FORMS)), { minLength: 4, maxLength: 4 }),
  )
  .map(([run, values, type, rules, forms]) => ({
    ...run,
    base: {
      ...run.base,
      fields: [
        {
          key: 'a',
          rules: [
            rules === 'IsObject' ? own(rules, {}) : ((rules === 'Allow' ? Allow() : ValidateNested()) as Decorator),
          ],
          conversions: type ? [toType(type)] : [],
          designType: undefined,
        },
      ],
      ofClass: [],
      constructed: {},
    },
    derived: undefined,
    asDerived: false,
    events: forms.map((make, index): [typeof make, Properties] => [
      make,
      [
        ['a', values[index * 2]!],
        ['extra', values[index * 2 + 1]!],
      ],
    ]),
  }));

type Setting = typeof setting extends fc.Arbitrary<infer S> ? S : never;

let synchronous = 0;

/** Classes of earlier runs would slow class-validator down, which looks through all it knows. */
function forget(...models: Class[]): void {
  const { validationMetadatas } = validator.getMetadataStorage() as unknown as {
    validationMetadatas: Map<unknown, unknown>;
  };
  models.forEach((model) => validationMetadatas.delete(model));
}

async function compare(run: Setting, extraneous: Extraneous = 'keep'): Promise<void> {
  const models = build(run.base, run.derived);
  const model = run.asDerived ? models.derivedModel : models.model;
  const options = { serializerOptions: run.serializerOptions, extraneous };
  try {
    // A class without rules is refused, and has a test of its own.
    fc.pre(validator.getMetadataStorage().getTargetValidationMetadatas(model, '', true, false).length > 0);
    const ours = compileClassSchema(model, options);
    const reference = compileReference(model, options);
    for (const [make, entries] of run.events) {
      const expected = await outcomeOf(reference, make(entries, models));
      const outcome = await outcomeOf(
        (data, event) => {
          const result = ours(data, event);
          synchronous += result instanceof Promise ? 0 : 1;
          return result;
        },
        make(entries, models),
      );
      expect(expected === CANNOT ? CANNOT : outcome).toBe(expected);
    }
  } finally {
    forget(models.model, models.derivedModel);
  }
}

jest.setTimeout(120_000);

describe('the outcome of a class as responseSchema is that of class-validator and class-transformer', () => {
  it('whatever the decorators and the data', async () => {
    await fc.assert(
      fc.asyncProperty(setting, (run) => compare(run)),
      RUNS,
    );
  });

  it('where the data fit, and then mostly at once', async () => {
    synchronous = 0;
    await fc.assert(
      fc.asyncProperty(fittingSetting, (run) => compare(run)),
      RUNS,
    );
    // Or class-validator would have been compared with itself.
    expect(synchronous).toBeGreaterThan(RUNS.numRuns / 2);
  });

  it.each<Extraneous>(['strip', 'refuse'])('where properties that are not declared are to %s', async (extraneous) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(extraneousSetting, nestedSetting), (run) => compare(run, extraneous)),
      { numRuns: 400 },
    );
  });

  it('with a container that makes the validators', async () => {
    useContainer({ get: (someClass) => new (someClass as Class)() });
    try {
      await fc.assert(
        fc.asyncProperty(fc.oneof(setting, fittingSetting), (run) => compare(run)),
        { numRuns: 200 },
      );
    } finally {
      useContainer(undefined as never);
    }
  });
});
