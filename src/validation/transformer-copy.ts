import type { ClassTransformOptions } from 'class-transformer';
import type { Model } from './class-copy-rules';
import type { Extras } from './class-extras';
import {
  discriminatorOf,
  TransformerClasses,
  type Discriminator,
  type TransformerMetadata,
} from './class-transformer-metadata';
import { ConversionError, type ConversionStep } from './conversion-error';
import { writesItself } from './writes-itself';

/** class-transformer's numbers for the two ways. */
export const TO_INSTANCE = 0;
export const TO_PLAIN = 1;

/** What class-transformer does one conversion with. It calls both methods for everything inside a value, too. */
interface Executor {
  transform(source: unknown, value: unknown, targetType: unknown, ...rest: unknown[]): unknown;
  getKeys(target: unknown, object: object, isMap: boolean): string[];
}

type ExecutorClass = new (direction: number, options: ClassTransformOptions) => Executor;

/** Its defaults, as far as they are not `undefined`. */
const DEFAULTS: ClassTransformOptions = { exposeUnsetFields: true };

/** The classes that class-transformer converts any value to. */
const CONVERTED: readonly unknown[] = [String, Number, Boolean, Date, Buffer];

/**
 * The copies that class-transformer itself makes, with three differences:
 *
 * - an object with a `toJSON` of its own is not taken to pieces, unless `@Type` says what it becomes, or decorators of
 *   class-transformer say how its class is written;
 * - what is given is not changed: class-transformer takes the discriminator away from plain objects, and sets it on
 *   instances;
 * - an error names the field.
 */
export class TransformerCopy {
  private readonly Copying: ReturnType<typeof copyingClass>;

  constructor(Base: ExecutorClass, metadata: TransformerMetadata) {
    this.Copying = copyingClass(Base, new TransformerClasses(metadata));
  }

  /** As `plainToInstance(model, plain, { ignoreDecorators: true })`. @throws ConversionError */
  toInstance(model: Model, plain: object): unknown {
    return new this.Copying(TO_INSTANCE, { ...DEFAULTS, ignoreDecorators: true }).run(plain, model);
  }

  /** As `instanceToPlain(instance, options)`, without the properties in `extras`. @throws ConversionError */
  toPlain(instance: object, options: ClassTransformOptions | undefined, extras: Extras | undefined): unknown {
    return new this.Copying(TO_PLAIN, { ...DEFAULTS, ...options }, extras).run(instance, undefined);
  }
}

/** `undefined` where class-transformer's inside is not to be had; it is left to its own ways then. */
export function findTransformerCopy(metadata: TransformerMetadata | undefined): TransformerCopy | undefined {
  try {
    const { TransformOperationExecutor } = require('class-transformer/cjs/TransformOperationExecutor') as {
      readonly TransformOperationExecutor: ExecutorClass;
    };
    const { transform, getKeys } = TransformOperationExecutor.prototype as Partial<Executor>;
    return metadata && typeof transform === 'function' && typeof getKeys === 'function'
      ? new TransformerCopy(TransformOperationExecutor, metadata)
      : undefined;
  } catch {
    return undefined;
  }
}

function copyingClass(Base: ExecutorClass, classes: TransformerClasses) {
  return class Copying extends Base {
    /** Where an error came from: the values around it, the innermost first. */
    private readonly steps: ConversionStep[] = [];
    private undo: (() => void)[] | undefined;

    constructor(
      private readonly direction: number,
      options: ClassTransformOptions,
      private readonly extras?: Extras,
    ) {
      super(direction, options);
    }

    run(value: unknown, model: unknown): unknown {
      try {
        return this.transform(undefined, value, model);
      } catch (error) {
        throw new ConversionError(error, this.steps.toReversed(), this.direction === TO_INSTANCE, classes);
      } finally {
        this.undo?.forEach((undo) => undo());
      }
    }

    override transform(source: unknown, given: unknown, targetType: unknown, ...rest: unknown[]): unknown {
      let value = given;
      try {
        if (typeof value === 'object' && value !== null) {
          if (
            writesItself(value) &&
            !CONVERTED.includes(targetType) &&
            !classes.isWrittenByDecorators(value.constructor)
          ) {
            if (this.direction === TO_PLAIN || typeof targetType !== 'function' || value instanceof targetType) {
              return value;
            }
            value = value.toJSON();
          }
          value = this.protectedFromChange(value, targetType);
        }
        return super.transform(source, value, targetType, ...rest);
      } catch (error) {
        this.steps.push({ given, value, targetType });
        throw error;
      }
    }

    override getKeys(target: unknown, object: object, isMap: boolean): string[] {
      const keys = super.getKeys(target, object, isMap);
      const extra = this.extras?.get(object);
      return extra ? keys.filter((key) => !extra.has(key)) : keys;
    }

    private protectedFromChange(value: unknown, targetType: unknown): unknown {
      if (typeof value !== 'object' || value === null) {
        return value;
      }
      if (Array.isArray(value)) {
        const discriminator = discriminatorOf(targetType);
        return discriminator ? value.map((item) => this.protectedItem(item, discriminator)) : value;
      }
      const model = typeof targetType === 'function' ? targetType : value.constructor;
      const properties = classes.discriminatorsOf(model);
      if (!properties) {
        return value;
      }
      let copy: Record<string, unknown> | undefined;
      for (const [property, discriminator] of properties) {
        const item: unknown = value[property as never];
        if (!Array.isArray(item)) {
          const safe = this.protectedItem(item, discriminator);
          if (safe !== item) {
            copy ??= clone(value);
            copy[property] = safe;
          }
        }
      }
      return copy ?? value;
    }

    /** What of an item is changed is a copy, or is put back: what has private fields cannot be copied. */
    private protectedItem(item: unknown, { property, subTypes }: Discriminator): unknown {
      if (typeof item !== 'object' || item === null) {
        return item;
      }
      if (this.direction === TO_INSTANCE) {
        if (!Object.hasOwn(item, property)) {
          return item;
        }
        if (Object.getPrototypeOf(item) === Object.prototype) {
          return clone(item);
        }
      } else if (!Object.isExtensible(item) && subTypes.some(({ value }) => value === item.constructor)) {
        return clone(item);
      }
      const before = Object.getOwnPropertyDescriptor(item, property);
      (this.undo ??= []).push(() => {
        delete (item as Record<string, unknown>)[property];
        if (before) {
          Object.defineProperty(item, property, before);
        }
      });
      return item;
    }
  };
}

function clone(object: object): Record<string, unknown> {
  return Object.assign(Object.create(Object.getPrototypeOf(object) as object | null), object) as Record<
    string,
    unknown
  >;
}
