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

  const NO_MESSAGE = 'the schema gave an issue without a message';

  it.each<[unknown, object]>([
    ['oops', { path: [], message: 'the schema gave `issues` that are not an array, but of type string' }],
    [{}, { path: [], message: 'the schema gave `issues` that are not an array, but of type object' }],
    [[], { path: [], message: 'the schema gave no issue' }],
    [[null], { path: [], message: NO_MESSAGE }],
    [[undefined], { path: [], message: NO_MESSAGE }],
    [[{}], { path: [], message: NO_MESSAGE }],
    [[{ message: 5, path: ['a'] }], { path: ['a'], message: NO_MESSAGE }],
    [[{ message: 'wrong', path: 'a.b' }], { path: [], message: 'wrong' }],
    [
      [{ message: 'wrong', path: [null, { key: 0 }, { key: 'b' }, {}] }],
      { path: ['undefined', 0, 'b', 'undefined'], message: 'wrong' },
    ],
  ])('that gives the issues %j makes the data invalid', async (issues, issue) => {
    expect(compileStandardSchema(schemaOf(() => ({ issues })))(1, undefined)).toEqual({ issues: [issue] });
    expect(await compileStandardSchema(schemaOf(async () => ({ issues })))(1, undefined)).toEqual({ issues: [issue] });
  });
});
