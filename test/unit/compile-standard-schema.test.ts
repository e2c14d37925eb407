import { z } from 'zod';
import { compileStandardSchema } from '../../src/validation/compile-standard-schema';
import type { StandardSchema } from '../../src/validation/standard-schema';

const schemaOf = (validate: (value: unknown) => unknown): StandardSchema =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as StandardSchema;

describe('a Standard Schema', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
  ])('whose output is %s makes the data invalid, at once or later', async (what, output) => {
    const invalid = {
      issues: [
        {
          path: [],
          message: `the output of the schema is ${what}, which JSON cannot express. Does a transform return nothing?`,
        },
      ],
    };
    expect(compileStandardSchema(z.string().transform(() => output))('a', undefined)).toEqual(invalid);
    const later = compileStandardSchema(z.string().transform(async () => output))('a', undefined);
    expect(await later).toEqual(invalid);
  });

  it.each([null, 0, false, ''])('may have the output %j', (output) => {
    expect(compileStandardSchema(z.string().transform(() => output))('a', undefined)).toEqual({ value: output });
  });

  it('that throws or rejects makes the data invalid, with what it threw', async () => {
    const cause = new Error('broken');
    const invalid = { issues: [{ path: [], message: 'the schema threw an error: broken' }], cause };
    const throwing = schemaOf(() => {
      throw cause;
    });
    expect(compileStandardSchema(throwing)(1, undefined)).toEqual(invalid);
    expect(await compileStandardSchema(schemaOf(() => Promise.reject(cause)))(1, undefined)).toEqual(invalid);
    expect(compileStandardSchema(schemaOf(() => undefined))(1, undefined)).toMatchObject({
      issues: [{ message: expect.stringContaining('the schema threw an error: ') }],
      cause: expect.any(TypeError),
    });
  });
});
