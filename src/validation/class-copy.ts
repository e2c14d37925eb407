import { copyRulesOfNoClass, readCopyRules, UNDECIDED, type CopyRules, type Model } from './class-copy-rules';
import type { TransformerMetadata, TypeMetadata, TypeOptions } from './class-transformer-metadata';
import type { Declared, DeclaredProperties } from './declared-properties';
import { PerClass } from './per-class';

/**
 * What is made of an object: nothing where the question is only whether it can be copied; `stripped` is a plain object
 * without the properties that its class does not declare.
 */
type Result = 'nothing' | 'plain' | 'stripped' | 'instance';

/** Deeper objects, those that hold themselves among them, are left to class-transformer. */
const MAX_DEPTH = 100;

/** Types that class-transformer converts to rather than constructs. */
const CONVERTERS = new Map<unknown, (value: never) => unknown>([
  [String, (value: unknown) => String(value)],
  [Number, (value: unknown) => Number(value)],
  [Boolean, (value: unknown) => Boolean(value)],
  [Date, (value: string) => new Date(value)],
]);

/** What arrays may be declared as to become arrays. */
const ARRAY_TYPES: readonly unknown[] = [undefined, Array, Object];

/**
 * Copies as `TransformerCopy` does with class-transformer's default options, but with the decorators of a class looked up
 * once: when its first object comes. What `readCopyRules` leaves to class-transformer, and what is rare in data, is
 * `UNDECIDED`; so is what throws, for only `TransformerCopy` can say where.
 *
 * Of an event with three properties it saves 1.0 µs of 1.25 µs on the way in and 1.75 µs of 1.9 µs on the way out.
 */
export class ClassCopy {
  private readonly rules: PerClass<CopyRules>;
  private readonly rulesOfNoClass = copyRulesOfNoClass();

  constructor(
    metadata: TransformerMetadata,
    private readonly declared: DeclaredProperties,
  ) {
    this.rules = new PerClass((model) => readCopyRules(model, metadata));
  }

  /** As `plainToInstance(model, plain, { ignoreDecorators: true })`. */
  toInstance(model: Model, plain: object): unknown {
    // Constructors are the application's: nothing is constructed before it is clear that the copy can be completed. To
    // find that out costs 0.1 µs for three properties.
    return this.tryCopy(plain, model, 'nothing') === UNDECIDED ? UNDECIDED : this.tryCopy(plain, model, 'instance');
  }

  /** As `instanceToPlain(instance)`; with `isStripped`, without the properties that classes do not declare. */
  toPlain(instance: object, isStripped: boolean): unknown {
    return this.tryCopy(instance, undefined, isStripped ? 'stripped' : 'plain');
  }

  private tryCopy(value: object, type: unknown, result: Result): unknown {
    try {
      return this.copy(value, type, result);
    } catch {
      return UNDECIDED;
    }
  }

  private copy(value: unknown, type: unknown, result: Result, depth = 0): unknown {
    if (typeof value !== 'object' || value === null) {
      return typeof value === 'function' ? UNDECIDED : convert(value, type);
    }
    if (depth > MAX_DEPTH) {
      return UNDECIDED;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Array.prototype) {
      return this.copyArray(value as unknown[], type, result, depth);
    }
    if (prototype === Date.prototype) {
      return CONVERTERS.has(type) && type !== Date ? UNDECIDED : new Date(value.valueOf() as number);
    }
    const own = value.constructor === Object ? this.rulesOfNoClass : this.rules.get(value.constructor);
    if (own?.writesItself) {
      const isLeft = type === undefined || (typeof type === 'function' && value instanceof type);
      return isLeft && own.prototype === prototype ? value : UNDECIDED;
    }
    const rules = type === undefined ? own : this.rules.get(type);
    return rules && own?.prototype === prototype ? this.copyObject(value, rules, result, depth) : UNDECIDED;
  }

  private copyArray(array: readonly unknown[], type: unknown, result: Result, depth: number): unknown {
    const copies: unknown[] = [];
    for (const item of array) {
      // An `undefined` is copied, what is not there at all is left out: too rare to tell them apart here.
      const copy = item === undefined ? UNDECIDED : this.copy(item, type, result, depth + 1);
      if (copy === UNDECIDED) {
        return UNDECIDED;
      }
      copies.push(copy);
    }
    return copies;
  }

  private copyObject(object: object, rules: CopyRules, result: Result, depth: number): unknown {
    if (typeof (object as { then?: unknown }).then === 'function') {
      return UNDECIDED;
    }
    const isInstance = result === 'instance' && rules.model !== undefined;
    const target: Record<string, unknown> = isInstance ? (new rules.model() as never) : {};
    const declared = result === 'stripped' ? this.declared.of(object.constructor) : undefined;
    for (const key of Object.keys(object)) {
      if (declared && !declared.names.has(key)) {
        continue;
      }
      const exception = rules.exceptions.get(key);
      if (exception === UNDECIDED) {
        return UNDECIDED;
      }
      // A function that the constructor has put there stays.
      if (isInstance && typeof target[key] === 'function') {
        continue;
      }
      let value: unknown = object[key as never];
      if (exception) {
        const inside = insideOf(key, result, declared);
        value = this.copyTyped(value, exception, { newObject: target, object, property: key }, inside, depth + 1);
      } else if (typeof value === 'object' || typeof value === 'function') {
        value = this.copy(value, undefined, insideOf(key, result, declared), depth + 1);
      }
      if (value === UNDECIDED) {
        return UNDECIDED;
      }
      if (result !== 'nothing') {
        target[key] = value;
      }
    }
    return target;
  }

  private copyTyped(
    value: unknown,
    metadata: TypeMetadata,
    options: TypeOptions,
    result: Result,
    depth: number,
  ): unknown {
    const { reflectedType } = metadata;
    const type = metadata.typeFunction ? metadata.typeFunction(options) : reflectedType;
    return type === Buffer || (Array.isArray(value) && !ARRAY_TYPES.includes(reflectedType))
      ? UNDECIDED
      : this.copy(value, type, result, depth);
  }
}

/** What is free-form in a class is free-form whatever it holds. */
function insideOf(property: string, result: Result, declared: Declared | undefined): Result {
  return result === 'stripped' && !declared?.nested.has(property) ? 'plain' : result;
}

function convert(value: unknown, type: unknown): unknown {
  const converter = type === undefined || value === undefined || value === null ? undefined : CONVERTERS.get(type);
  return converter ? converter(value as never) : value;
}
