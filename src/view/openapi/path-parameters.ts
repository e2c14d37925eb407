import type { ApiParameter } from './last-event-id.parameter';
import { parametersRead, PARAM } from '../route-arguments';

/* Nest's key for the path of a controller, and of a handler. */
const PATH = 'path';

/** `:room`, and `*rest`. */
const PATH_PARAMETER = /[:*]([A-Za-z_]\w*)/g;

/**
 * The parameters in a route's path that nothing else documents, for each must be in the document: a view may read them from
 * the request, and not by `@Param()`.
 */
export function pathParameters(
  handler: Function,
  controller: Function,
  methodName: string,
  documented: readonly ApiParameter[],
): ApiParameter[] {
  const read = parametersRead(controller, methodName, PARAM);
  // Without a name, `@Param()` is all of them; a class says which.
  if (read.includes(undefined)) {
    return [];
  }
  const known = new Set([...read, ...documented.filter(({ in: where }) => where === 'path').map(({ name }) => name)]);
  const paths = [...pathsOf(controller)].flatMap((path) => [...pathsOf(handler)].map((end) => `${path}/${end}`));
  const [names = [], ...others] = paths.map((path) => [...path.matchAll(PATH_PARAMETER)].map(([, name]) => name!));
  return names
    .filter((name) => !known.has(name) && others.every((other) => other.includes(name)))
    .map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
}

function pathsOf(target: Function): string[] {
  return [(Reflect.getMetadata(PATH, target) as string | string[] | undefined) ?? ''].flat();
}
