import { Logger } from '@nestjs/common';
import type { ResolvedRoute } from '../../config/resolve-options';
import { messageOf } from '../../event/error-text';
import { API_EXTRA_MODELS, API_PARAMETERS, API_RESPONSE } from '../../event/swagger-metadata';
import { describeByValidators } from './class-properties';
import { documentedData } from './data-schema';
import { describeStream, UNKNOWN_STREAM, type AdditionalEvent } from './describe-stream';
import { exampleIdOf } from './example-id';
import { streamParameters } from './last-event-id.parameter';
import { lazily } from './lazily';
import { modelOf } from './model-type';
import { pathParameters } from './path-parameters';
import {
  documentedResponses,
  documentsContent,
  documentsErrors,
  ERROR_RESPONSE,
  ownResponse,
  streamResponse,
  type ApiResponse,
} from './stream-responses';
import { streamEvents } from './stream-events';
import { streamText } from './stream-text';
import { wireExamples } from './wire-example';

/** A route that is to be documented. */
export interface RouteToDocument {
  /** The function that Nest calls; the documentation is kept on it. */
  readonly handler: Function;
  /** The developer's method, with the developer's documentation on it. */
  readonly method: Function;
  readonly methodName: string;
  readonly controller: Function;
  readonly route: ResolvedRoute;
  /** Events that the route sends beside those of its schema. */
  readonly additionalEvents?: readonly AdditionalEvent[] | undefined;
}

const logger = new Logger('Sse');

/**
 * Writes what `SwaggerModule.createDocument` reads of a route, beside what the developer's own decorators say, which goes
 * before. Each application writes it anew, from the developer's method. What takes work is done when a document is made.
 */
export function documentRoute(route: RouteToDocument): void {
  const { handler, method, methodName, controller } = route;
  let documentation: Documentation | undefined;
  const once = (): Documentation => (documentation ??= documentationOf(route));
  const models = (Reflect.getMetadata(API_EXTRA_MODELS, method) as Function[] | undefined) ?? [];

  describeModels(route);
  const parameters = streamParameters(method, controller, methodName);
  const inPath = pathParameters(handler, controller, methodName, parameters);
  Reflect.defineMetadata(API_PARAMETERS, [...inPath, ...parameters], handler);
  Reflect.defineMetadata(
    API_EXTRA_MODELS,
    lazily<Function[]>([], (target) => target.push(...models, ...once().models)),
    handler,
  );
  Reflect.defineMetadata(
    API_RESPONSE,
    lazily<Record<string, ApiResponse>>({}, (target) => Object.assign(target, once().responses)),
    handler,
  );
}

function describeModels(route: RouteToDocument): void {
  try {
    modelsOf(route).forEach((model) => describeByValidators(model, logger));
  } catch (error) {
    // What a description refers to is not there. The application works without; its documents will not.
    logger.warn(`${route.controller.name}.${route.methodName} cannot be documented: ${messageOf(error)}`);
  }
}

/** The classes that stand in the route's documentation. */
function modelsOf({ method, route: { schema } }: RouteToDocument): Function[] {
  const kinds = schema?.kind === 'record' ? [...schema.schemas.values()] : schema ? [schema] : [];
  const documented = modelOf(documentedResponses(method)['200'] ?? {});
  return [...kinds.flatMap((kind) => (kind.kind === 'class' ? [kind.model] : [])), ...(documented ? [documented] : [])];
}

interface Documentation {
  readonly responses: Readonly<Record<string, ApiResponse>>;
  readonly models: readonly Function[];
}

function documentationOf(toDocument: RouteToDocument): Documentation {
  const { method, methodName, controller, route, additionalEvents = [] } = toDocument;
  const documented = documentedResponses(method);
  const others = { ...documented, ...(!documentsErrors(method, controller) && { default: ERROR_RESPONSE }) };
  const owner = `${controller.name}_${methodName}`;
  try {
    if (documentsContent(documented['200'])) {
      const own = ownResponse(documented['200']!, method, controller, (kind) => documentedData(kind, owner, logger));
      return { responses: { ...others, 200: own.response }, models: own.models };
    }
    const stream = describeStream(route, additionalEvents, owner, logger);
    const response = streamResponse(documented['200'], {
      description: streamText(stream, route.stream),
      schema: stream.schema,
      examples: wireExamples(stream, route.stream, exampleIdOf(route, methodName, controller)),
      events: streamEvents(stream, route.stream, owner),
    });
    return { responses: { ...others, 200: response }, models: stream.models };
  } catch (error) {
    logger.warn(`${controller.name}.${methodName} is documented without its data: ${messageOf(error)}`);
    const plain = {
      description: 'Server-sent events.',
      schema: {},
      examples: {},
      events: streamEvents(UNKNOWN_STREAM, route.stream, owner),
    };
    return { responses: { ...others, 200: streamResponse(documented['200'], plain) }, models: [] };
  }
}
