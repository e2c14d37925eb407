import { developersProperties } from '../event/swagger-metadata';
import type { TransformerClasses } from './class-transformer-metadata';
import { PerClass } from './per-class';

/** The properties that a class declares. */
export interface Declared {
  readonly names: ReadonlySet<string>;
  /** Those with `@ValidateNested`. */
  readonly nested: ReadonlySet<string>;
}

/**
 * Which properties a class declares: those that a decorator of class-validator or class-transformer, `@ApiProperty()` or the
 * compiler plugin of `@nestjs/swagger` names. Looked up when the first object of the class comes.
 */
export class DeclaredProperties {
  private readonly perClass: PerClass<Declared>;

  constructor(classValidator: typeof import('class-validator'), transformer: TransformerClasses | undefined) {
    const { getMetadataStorage, ValidationTypes } = classValidator;
    this.perClass = new PerClass((model) => {
      const rules = getMetadataStorage().getTargetValidationMetadatas(model, '', false, false);
      if (rules.length === 0) {
        return undefined;
      }
      const nested = rules.filter(({ type }) => type === ValidationTypes.NESTED_VALIDATION);
      return {
        names: new Set([
          ...rules.map(({ propertyName }) => propertyName),
          ...(transformer?.decoratedProperties(model) ?? []),
          ...documented(model),
        ]),
        nested: new Set(nested.map(({ propertyName }) => propertyName)),
      };
    });
  }

  /** `undefined` for a class without any rule of class-validator, and for what is no class. */
  of(model: unknown): Declared | undefined {
    return this.perClass.get(model);
  }
}

function documented(model: Function): string[] {
  try {
    return Object.keys(developersProperties(model));
  } catch {
    // What a description refers to is not there. The document says so.
    return [];
  }
}
