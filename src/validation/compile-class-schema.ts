import type { ClassSerializerContextOptions, Type } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import type { SseIssue } from '../event/sse.error';
import { ClassCheck } from './class-check';
import { ClassCopy } from './class-copy';
import { UNDECIDED } from './class-copy-rules';
import { findTransformerMetadata } from './class-transformer-metadata';
import { loadOptionalPackage } from './optional-package';
import type { Validate } from './validate';

/** How an instance is written: `ClassTransformOptions` of class-transformer (`groups`, `strategy`, `excludePrefixes`, …). */
export type SerializerOptions = Omit<ClassSerializerContextOptions, 'type'>;

/**
 * Validation by a class-validator class: a plain object becomes an instance (an instance of the class stays as it is), is
 * validated, and is written with `@Expose`/`@Exclude` honoured.
 *
 * The outcome is that of class-transformer and class-validator, and theirs is the last word: what is not found valid here
 * is validated by class-validator from the beginning, so that getters and conditions (`@ValidateIf`) are called again. A
 * valid event whose class has only decorators of class-validator's own is judged synchronously.
 *
 * The decorators of a class, and class-validator's container, are looked up when the first object of that class comes;
 * decorators that are added later are not seen.
 *
 * @throws SsePackageMissingError without `class-validator` and `class-transformer`.
 */
export function compileClassSchema(model: Type, serializerOptions?: SerializerOptions): Validate {
  const packages = ['class-validator', 'class-transformer'];
  const { validator, transformer } = loadOptionalPackage(
    () => ({
      validator: require('class-validator') as typeof import('class-validator'),
      transformer: require('class-transformer') as typeof import('class-transformer'),
    }),
    packages,
    `A class as responseSchema (${model.name})`,
  );
  // A class without any validation decorator has nothing to check; class-validator's default would reject it.
  const rules = validator.getMetadataStorage().getTargetValidationMetadatas(model, '', true, false);
  const forbidUnknownValues = rules.length > 0;
  const check = new ClassCheck(validator, forbidUnknownValues);
  const metadata = findTransformerMetadata(transformer);
  const copy = metadata && new ClassCopy(metadata);
  const copyOut = areNeutral(serializerOptions) ? copy : undefined;

  const toInstance = (plain: object): object => {
    const instance = copy ? copy.toInstance(model, plain) : UNDECIDED;
    return instance === UNDECIDED
      ? transformer.plainToInstance(model, plain, { ignoreDecorators: true })
      : (instance as object);
  };
  const toPlain = (instance: object): unknown => {
    const plain = copyOut ? copyOut.toPlain(instance) : UNDECIDED;
    return plain === UNDECIDED ? transformer.instanceToPlain(instance, serializerOptions) : plain;
  };

  return (data) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      return { issues: [{ path: [], message: `must be an object of the class ${model.name}` }] };
    }
    const instance = data instanceof model ? (data as object) : toInstance(data);
    if (check.isValid(instance)) {
      return { value: toPlain(instance) };
    }
    return validator
      .validate(instance, { forbidUnknownValues })
      .then((errors) =>
        errors.length > 0 ? { issues: errors.flatMap((error) => toIssues(error, [])) } : { value: toPlain(instance) },
      );
  };
}

/** Whether options are about decorators alone: they change nothing where there are none. */
function areNeutral(options: SerializerOptions = {}): boolean {
  return Object.keys(options).every((option) => option === 'groups' || option === 'version');
}

function toIssues(error: ValidationError, parents: readonly PropertyKey[]): SseIssue[] {
  const path = [...parents, error.property];
  const own = Object.values(error.constraints ?? {}).map((message) => ({ path, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => toIssues(child, path))];
}
