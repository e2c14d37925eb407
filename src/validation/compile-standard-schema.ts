import { isPromiseLike } from '../event/is-promise-like';
import type { SseIssue } from '../event/sse.error';
import type { StandardResult, StandardSchema } from './standard-schema';
import { thrownResult, type InvalidResult, type Validate, type ValidationResult } from './validate';

/** Validation by a Standard Schema; its output is what is sent. An output that JSON cannot express is an invalid result. */
export function compileStandardSchema(schema: StandardSchema): Validate {
  const { validate } = schema['~standard'];
  return (data) => {
    try {
      const result = validate(data);
      return isPromiseLike(result) ? Promise.resolve(result).then(toResult).catch(toThrown) : toResult(result);
    } catch (error) {
      return toThrown(error);
    }
  };
}

function toResult(result: StandardResult<unknown>): ValidationResult {
  if (result.issues) {
    return { issues: issuesOf(result.issues) };
  }
  const type = typeof result.value;
  return type === 'undefined' || type === 'function' || type === 'symbol' || type === 'bigint'
    ? { issues: [{ path: [], message: unsendable(type) }] }
    : result;
}

/** A schema may be written by hand: whatever it gives as issues, the event is invalid, and the words for it are ours. */
function issuesOf(issues: unknown): readonly SseIssue[] {
  if (!Array.isArray(issues)) {
    return [{ path: [], message: `the schema gave \`issues\` that are not an array, but of type ${typeof issues}` }];
  }
  return issues.length === 0 ? [{ path: [], message: 'the schema gave no issue' }] : issues.map(issueOf);
}

function issueOf(issue: unknown): SseIssue {
  const { message, path } = (issue ?? {}) as Readonly<Record<string, unknown>>;
  return {
    message: typeof message === 'string' ? message : 'the schema gave an issue without a message',
    path: Array.isArray(path) ? path.map(keyOf) : [],
  };
}

function keyOf(segment: PropertyKey | { readonly key: PropertyKey } | null | undefined): PropertyKey {
  const key = typeof segment === 'object' ? segment?.key : segment;
  return typeof key === 'number' || typeof key === 'symbol' ? key : String(key);
}

function unsendable(type: string): string {
  const output = type === 'undefined' ? 'undefined' : `a ${type}`;
  return `the output of the schema is ${output}, which JSON cannot express. Does a transform return nothing?`;
}

function toThrown(error: unknown): InvalidResult {
  return thrownResult('the schema threw an error', error);
}
