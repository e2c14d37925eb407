import type { MetadataStorage, ValidatorConstraintInterface } from 'class-validator';

type ClassValidator = typeof import('class-validator');

/** What a decorator of class-validator says of a property. */
export type ValidationMetadata = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];

/** A decorator of class-validator's own that judges a value. */
export interface Constraint {
  readonly metadata: ValidationMetadata;
  /** Kept, for a look at the class's name costs 40 ns. */
  readonly targetName: string;
  readonly validator: ValidatorConstraintInterface;
}

/** What class-validator does with one property of a class. */
export interface PropertyRules {
  readonly property: string;
  readonly conditions: readonly ValidationMetadata[];
  /** In the order in which they are applied. */
  readonly constraints: readonly Constraint[];
  readonly isNested: boolean;
  /** Whether a promise is awaited and what it brings validated. */
  readonly isAwaited: boolean;
}

/** Reads what class-validator does with the objects of a class, in its order, from its metadata. */
export class ClassCheckRules {
  private readonly ownConstraints: ReadonlySet<unknown>;

  constructor(private readonly classValidator: ClassValidator) {
    // The names of its constraints are constants that it exports: IS_STRING = 'isString'.
    this.ownConstraints = new Set(Object.values(classValidator).filter((exported) => typeof exported === 'string'));
  }

  /** `undefined` where only class-validator can judge. An error on the way is its to throw, too. */
  read(model: Function): readonly PropertyRules[] | undefined {
    const { getFromContainer, getMetadataStorage, Validator } = this.classValidator;
    try {
      // A container may hold a validator of the application's in place of class-validator's.
      if (getFromContainer(Validator).validate !== Validator.prototype.validate) {
        return undefined;
      }
      const storage = getMetadataStorage();
      const metadata = storage.getTargetValidationMetadatas(model, '', false, false);
      const rules = Object.entries(storage.groupByPropertyName(metadata)).map(([property, group]) =>
        this.readProperty(model, property, group, storage),
      );
      return rules.every((rule) => rule !== undefined) ? rules : undefined;
    } catch {
      return undefined;
    }
  }

  private readProperty(
    model: Function,
    property: string,
    group: readonly ValidationMetadata[],
    storage: MetadataStorage,
  ): PropertyRules | undefined {
    const types = this.classValidator.ValidationTypes;
    const ofType = (type: string): ValidationMetadata[] => group.filter((metadata) => metadata.type === type);
    const conditions = ofType(types.CONDITIONAL_VALIDATION);
    const constraints = [...ofType(types.IS_DEFINED), ...ofType(types.CUSTOM_VALIDATION)].map((metadata) =>
      this.readConstraint(model, metadata, storage),
    );
    return constraints.every((constraint) => constraint !== undefined) &&
      conditions.every((metadata) => typeof metadata.constraints?.[0] === 'function')
      ? {
          property,
          conditions,
          constraints,
          isNested: ofType(types.NESTED_VALIDATION).length > 0,
          isAwaited: ofType(types.PROMISE_VALIDATION).length > 0,
        }
      : undefined;
  }

  private readConstraint(
    model: Function,
    metadata: ValidationMetadata,
    storage: MetadataStorage,
  ): Constraint | undefined {
    const [constraint] = storage.getTargetValidatorConstraints(metadata.constraintCls);
    // `validateIf` came with 0.15. Two versions share one storage, and the one that validates need not know it.
    if (!constraint || constraint.async || metadata.validateIf || !this.ownConstraints.has(constraint.name)) {
      return undefined;
    }
    const validator = constraint.instance;
    return validator instanceof metadata.constraintCls ? { metadata, targetName: model.name, validator } : undefined;
  }
}
