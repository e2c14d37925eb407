import type { ClassSerializerContextOptions, Type } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import type { OptionalFields } from '../event/optional-fields';
import { SseConfigurationError } from '../event/sse.error';
import { ClassCheck } from './class-check';
import { ClassCopy } from './class-copy';
import { UNDECIDED } from './class-copy-rules';
import { findExtras, withoutExtras } from './class-extras';
import { toIssues } from './class-issues';
import { findTransformerMetadata, TransformerClasses } from './class-transformer-metadata';
import { ConversionError } from './conversion-error';
import { DeclaredProperties } from './declared-properties';
import { loadOptionalPackage } from './optional-package';
import { findTransformerCopy } from './transformer-copy';
import { thrownResult, type InvalidResult, type Validate, type ValidationResult } from './validate';
import { writesItself } from './writes-itself';

/** How an instance is written: `ClassTransformOptions` of class-transformer (`groups`, `strategy`, `excludePrefixes`, …). */
export type SerializerOptions = OptionalFields<Omit<ClassSerializerContextOptions, 'type'>>;

/**
 * What happens to the properties of an object that its class does not declare: they are not sent (`'strip'`), are sent
 * without a validation (`'keep'`), or make the data invalid (`'refuse'`).
 */
export type Extraneous = 'strip' | 'keep' | 'refuse';

/** How a class validates and writes data. */
export interface ClassSchemaOptions {
  readonly serializerOptions?: SerializerOptions | undefined;
  readonly extraneous?: Extraneous | undefined;
}

/**
 * Validation by a class-validator class: a plain object becomes an instance (an instance of the class stays as it is), is
 * validated, and is written with `@Expose`/`@Exclude` honoured.
 *
 * The outcome is that of class-transformer and class-validator, and theirs is the last word: what is not found valid here
 * is validated by class-validator from the beginning, so that getters and conditions (`@ValidateIf`) are called again. A
 * valid event whose class has only decorators of class-validator's own is judged synchronously. What either of them throws
 * is an invalid result.
 *
 * Properties that the class does not declare are there while an event is validated and written, so that getters and
 * `@Transform` see them; `extraneous` says what becomes of them.
 *
 * The decorators of a class, and class-validator's container, are looked up when the first object of that class comes;
 * decorators that are added later are not seen.
 *
 * @throws SsePackageMissingError without `class-validator` and `class-transformer`.
 * @throws SseConfigurationError when the class has no rule of class-validator: it would validate nothing.
 */
export function compileClassSchema(model: Type, options: ClassSchemaOptions = {}): Validate {
  const { serializerOptions, extraneous = 'strip' } = options;
  const packages = ['class-validator', 'class-transformer'];
  const { validator, transformer } = loadOptionalPackage(
    () => ({
      validator: require('class-validator') as typeof import('class-validator'),
      transformer: require('class-transformer') as typeof import('class-transformer'),
    }),
    packages,
    `A class as responseSchema (${model.name})`,
  );
  if (validator.getMetadataStorage().getTargetValidationMetadatas(model, '', true, false).length === 0) {
    throw new SseConfigurationError(
      `the class ${model.name} has no decorator of class-validator: as a schema it validates nothing. Add decorators to its ` +
        'properties (@Allow() to those of any value), or use a Standard Schema (zod, valibot, arktype)',
    );
  }
  const metadata = findTransformerMetadata(transformer);
  const declared = new DeclaredProperties(validator, metadata && new TransformerClasses(metadata));
  const isRefused = extraneous === 'refuse';
  const isStripped = extraneous === 'strip';
  const check = new ClassCheck(validator, isRefused ? declared : undefined);
  const copy = metadata && new ClassCopy(metadata, declared);
  const copyOut = areNeutral(serializerOptions) ? copy : undefined;
  const transformerCopy = findTransformerCopy(metadata);

  const toInstance = (plain: object): object => {
    const instance = copy ? copy.toInstance(model, plain) : UNDECIDED;
    if (instance !== UNDECIDED) {
      return instance as object;
    }
    return transformerCopy
      ? (transformerCopy.toInstance(model, plain) as object)
      : transformer.plainToInstance(model, plain, { ignoreDecorators: true });
  };
  const toPlain = (instance: object): unknown => {
    const plain = copyOut ? copyOut.toPlain(instance, isStripped) : UNDECIDED;
    if (plain !== UNDECIDED) {
      return plain;
    }
    const extras = isStripped ? findExtras(instance, declared) : undefined;
    if (transformerCopy) {
      return transformerCopy.toPlain(instance, serializerOptions, extras);
    }
    const stripped = extras ? withoutExtras(instance, extras, declared) : instance;
    return transformer.instanceToPlain(stripped, serializerOptions);
  };
  const isDeclared = ({ target, property }: ValidationError): boolean =>
    declared.of(target?.constructor)?.names.has(property) ?? false;

  const judged = (errors: ValidationError[], instance: object): ValidationResult => {
    const found = isRefused ? withoutDeclared(errors, isDeclared) : errors;
    return found.length > 0 ? { issues: toIssues(found) } : { value: toPlain(instance) };
  };

  return (given) => {
    try {
      const data = isForeign(given, model) ? given.toJSON() : given;
      if (typeof data !== 'object' || data === null || Array.isArray(data)) {
        return { issues: [{ path: [], message: `must be an object of the class ${model.name}` }] };
      }
      const instance = data instanceof model ? (data as object) : toInstance(data);
      if (check.isValid(instance)) {
        return { value: toPlain(instance) };
      }
      return validator
        .validate(instance, { whitelist: isRefused, forbidNonWhitelisted: isRefused })
        .then((errors) => judged(errors, instance))
        .catch(toResult);
    } catch (error) {
      return toResult(error);
    }
  };
}

/** Whether an object of another class has a `toJSON` of its own: what that gives are the data. */
function isForeign(data: unknown, model: Type): data is { toJSON(): unknown } {
  return typeof data === 'object' && data !== null && writesItself(data) && !(data instanceof model);
}

/** Whether options are about decorators alone: they change nothing where there are none. */
function areNeutral(options: SerializerOptions = {}): boolean {
  return Object.keys(options).every((option) => option === 'groups' || option === 'version');
}

function toResult(error: unknown): InvalidResult {
  return error instanceof ConversionError ? error.result : thrownResult('could not be validated', error);
}

/** class-validator itself takes only properties with decorators of its own for declared. */
function withoutDeclared(
  errors: readonly ValidationError[],
  isDeclared: (error: ValidationError) => boolean,
): ValidationError[] {
  return errors.flatMap((error) => {
    // An error of `forbidNonWhitelisted`, and no other, has no list of children.
    if (!error.children) {
      return isDeclared(error) ? [] : [error];
    }
    const children = withoutDeclared(error.children, isDeclared);
    return children.length > 0 || error.constraints ? [Object.assign(error, { children })] : [];
  });
}
