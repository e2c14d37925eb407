/* Nest's key for a method's parameters, and its numbers for those that are read from the path and from a header. */
const ROUTE_ARGUMENTS = '__routeArguments__';
export const PARAM = '5';
export const HEADERS = '6';

/** The names that a method's parameters are read by from one place of the request; `undefined` where one takes all. */
export function parametersRead(controller: Function, methodName: string, place: string): unknown[] {
  const read = (Reflect.getMetadata(ROUTE_ARGUMENTS, controller, methodName) ?? {}) as Record<
    string,
    { data?: unknown }
  >;
  return Object.entries(read).flatMap(([key, { data }]) => (key.startsWith(`${place}:`) ? [data] : []));
}
