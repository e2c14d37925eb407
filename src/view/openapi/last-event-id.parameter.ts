import { API_HEADERS, API_PARAMETERS } from '../../event/swagger-metadata';

/** A parameter as `@ApiHeader` and its like record it. */
export interface ApiParameter {
  readonly name?: string;
  readonly in?: string;
  readonly [keyword: string]: unknown;
}

/* Nest's key for a method's parameters, and its number for one that is read from a header. */
const ROUTE_ARGUMENTS = '__routeArguments__';
const HEADERS = '6';

const NAME = 'Last-Event-ID';

/** The parameters of a stream: the developer's own, and the header `Last-Event-ID` where it is not among them. */
export function streamParameters(method: Function, controller: Function, methodName: string): ApiParameter[] {
  const own = (Reflect.getMetadata(API_PARAMETERS, method) as ApiParameter[] | undefined) ?? [];
  const ofController = (Reflect.getMetadata(API_HEADERS, controller) as ApiParameter[] | undefined) ?? [];
  if ([...own, ...ofController].some((parameter) => parameter.in === 'header' && isLastEventId(parameter.name))) {
    return own;
  }
  return [
    ...own,
    {
      name: readHeader(controller, methodName) ?? NAME,
      in: 'header',
      required: false,
      description: 'Id of the last event received; the stream resumes after it.',
      schema: { type: 'string' },
    },
  ];
}

/** The header's name as `@Headers('last-event-id')` of the method has it: the document shall not list it twice. */
function readHeader(controller: Function, methodName: string): string | undefined {
  const read = (Reflect.getMetadata(ROUTE_ARGUMENTS, controller, methodName) ?? {}) as Record<
    string,
    { data?: unknown }
  >;
  for (const [key, { data }] of Object.entries(read)) {
    if (key.startsWith(`${HEADERS}:`) && isLastEventId(data)) {
      return data as string;
    }
  }
  return undefined;
}

function isLastEventId(name: unknown): boolean {
  return typeof name === 'string' && name.toLowerCase() === NAME.toLowerCase();
}
