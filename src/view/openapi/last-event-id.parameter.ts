import { API_HEADERS, API_PARAMETERS } from '../../event/swagger-metadata';
import { isLastEventIdHeader } from '../last-event-id.decorator';
import { HEADERS, parametersRead } from '../route-arguments';

/** A parameter as `@ApiHeader` and its like record it. */
export interface ApiParameter {
  readonly name?: string | undefined;
  readonly in?: string | undefined;
  readonly [keyword: string]: unknown;
}

const NAME = 'Last-Event-ID';

/** The parameters of a stream: the developer's own, and the header `Last-Event-ID` where it is not among them. */
export function streamParameters(method: Function, controller: Function, methodName: string): ApiParameter[] {
  const own = (Reflect.getMetadata(API_PARAMETERS, method) as ApiParameter[] | undefined) ?? [];
  const ofController = (Reflect.getMetadata(API_HEADERS, controller) as ApiParameter[] | undefined) ?? [];
  if ([...own, ...ofController].some((parameter) => parameter.in === 'header' && isLastEventIdHeader(parameter.name))) {
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
  return parametersRead(controller, methodName, HEADERS).find(isLastEventIdHeader);
}
