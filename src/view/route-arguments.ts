/* Nest's key for a method's parameters, and its numbers for those that are read from the path and from a header. */
const ROUTE_ARGUMENTS = '__routeArguments__';
export const PARAM = '5';
export const HEADERS = '6';

/** A parameter, as a decorator records it. */
interface RecordedArgument {
  readonly data?: unknown;
  readonly factory?: unknown;
}

/** The names that a method's parameters are read by from one place of the request; `undefined` where one takes all. */
export function parametersRead(controller: Function, methodName: string, place: string): unknown[] {
  return argumentsOf(controller, methodName).flatMap(([key, { data }]) => (key.startsWith(`${place}:`) ? [data] : []));
}

/** Whether a parameter of a method is made by this factory of `createParamDecorator`. */
export function isMadeBy(factory: unknown, controller: Function, methodName: string): boolean {
  return argumentsOf(controller, methodName).some(([, argument]) => argument.factory === factory);
}

function argumentsOf(controller: Function, methodName: string): [key: string, argument: RecordedArgument][] {
  return Object.entries(
    (Reflect.getMetadata(ROUTE_ARGUMENTS, controller, methodName) ?? {}) as Record<string, RecordedArgument>,
  );
}
