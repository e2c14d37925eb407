import type { ClassSerializerContextOptions, Type } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import type { SseIssue } from '../event/sse.error';
import { loadOptionalPackage } from './optional-package';
import type { Validate } from './validate';

/** How an instance is written: `ClassTransformOptions` of class-transformer (`groups`, `strategy`, `excludePrefixes`, …). */
export type SerializerOptions = Omit<ClassSerializerContextOptions, 'type'>;

/**
 * Validation by a class-validator class: a plain object becomes an instance (an instance of the class stays as it is), is
 * validated, and is written with `@Expose`/`@Exclude` honoured.
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
  const validatorOptions = { forbidUnknownValues: rules.length > 0 };

  return async (data) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      return { issues: [{ path: [], message: `must be an object of the class ${model.name}` }] };
    }
    const instance: object =
      data instanceof model ? data : transformer.plainToInstance(model, data, { ignoreDecorators: true });
    const errors = await validator.validate(instance, validatorOptions);
    if (errors.length > 0) {
      return { issues: errors.flatMap((error) => toIssues(error, [])) };
    }
    return { value: transformer.instanceToPlain(instance, serializerOptions) };
  };
}

function toIssues(error: ValidationError, parents: readonly PropertyKey[]): SseIssue[] {
  const path = [...parents, error.property];
  const own = Object.values(error.constraints ?? {}).map((message) => ({ path, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => toIssues(child, path))];
}
