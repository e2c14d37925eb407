import type { Type } from '@nestjs/common';
import { API_PRODUCES, API_RESPONSE } from '../../event/swagger-metadata';
import type { DataKind } from '../../validation/response-schema';
import type { StandardSchema } from '../../validation/standard-schema';
import { typeShape } from './class-shape';
import type { DocumentedData } from './data-schema';
import { asModel, typeOf } from './model-type';
import type { SchemaObject } from './schema-object';
import { STREAM_EVENTS, type StreamEvent } from './stream-events';
import type { WireExample } from './wire-example';

const EVENT_STREAM = 'text/event-stream';

/** A response as `@ApiResponse` records it. */
export interface ApiResponse {
  readonly description?: string | undefined;
  readonly type?: unknown;
  readonly isArray?: boolean | undefined;
  readonly schema?: SchemaObject | undefined;
  readonly standardSchema?: StandardSchema | undefined;
  readonly content?: object | undefined;
  readonly example?: unknown;
  readonly examples?: object | undefined;
  readonly [keyword: string]: unknown;
}

/** What the library says of a stream's 200. */
export interface StreamResponse {
  readonly description: string;
  readonly schema: SchemaObject;
  readonly examples: Record<string, WireExample>;
  readonly events: readonly StreamEvent[];
}

/** The responses that the developer documents on the method. */
export function documentedResponses(method: Function): Readonly<Record<string, ApiResponse>> {
  return (Reflect.getMetadata(API_RESPONSE, method) as Record<string, ApiResponse> | undefined) ?? {};
}

/** The errors that a request may meet before its stream opens: Nest's own. */
export const ERROR_RESPONSE: ApiResponse = {
  description: 'An error before the stream opens.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['statusCode', 'message'],
        properties: {
          statusCode: { type: 'integer', example: 404 },
          message: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }], example: 'Not Found' },
          error: { type: 'string' },
        },
      },
    },
  },
};

/** Whether the developer documents an error, on the method or on the controller. */
export function documentsErrors(method: Function, controller: Function): boolean {
  const ofController = (Reflect.getMetadata(API_RESPONSE, controller) as object | undefined) ?? {};
  const statuses = [...Object.keys(documentedResponses(method)), ...Object.keys(ofController)];
  return statuses.some((status) => status === 'default' || /^[45]/.test(status));
}

/** Whether the developer says what a response carries, and not only what it is. */
export function documentsContent(response: ApiResponse | undefined): boolean {
  return response !== undefined && ['type', 'schema', 'content', 'standardSchema'].some((key) => response[key]);
}

/** The 200 of a stream: what the developer says of it goes before what the library does. */
export function streamResponse(documented: ApiResponse | undefined, ours: StreamResponse): ApiResponse {
  const { description = '', example, examples, type: _type, isArray: _isArray, ...rest } = documented ?? {};
  const own = example !== undefined ? { example } : examples !== undefined ? { examples } : undefined;
  const made = Object.keys(ours.examples).length > 0 ? { examples: ours.examples } : {};
  return {
    ...rest,
    description: description === '' ? ours.description : `${description}\n\n${ours.description}`,
    content: { [EVENT_STREAM]: { schema: ours.schema, ...(own ?? made), [STREAM_EVENTS]: ours.events } },
  };
}

/**
 * A 200 whose content the developer documents: all of it stays. Only the media type, where none is given, is the stream's
 * instead of `application/json`, which a stream never is.
 *
 * @param dataOf documents a class or a Standard Schema.
 */
export function ownResponse(
  response: ApiResponse,
  method: Function,
  controller: Function,
  dataOf: (kind: DataKind) => DocumentedData,
): { readonly response: ApiResponse; readonly models: readonly Function[] } {
  const { type, isArray } = typeOf(response);
  const { standardSchema, schema } = response;
  const producesOther = [method, controller].some((target) => Reflect.hasMetadata(API_PRODUCES, target));
  if (producesOther || !(standardSchema || schema || type)) {
    return { response, models: [] };
  }
  const model = asModel(type) as Type | undefined;
  const data = standardSchema
    ? dataOf({ kind: 'standard', schema: standardSchema })
    : !schema && model
      ? dataOf({ kind: 'class', model })
      : undefined;
  const single = data?.schema ?? schema ?? typeShape(type);
  const { type: _type, isArray: _isArray, schema: _schema, standardSchema: _standard, ...others } = response;
  const { example, examples, nullable, ...rest } = others;
  const whole = isArray && (data || !schema) ? { type: 'array', items: single } : single;
  const content = {
    schema: nullable === true ? { nullable, allOf: [whole] } : whole,
    ...(example !== undefined && { example }),
    ...(examples !== undefined && { examples }),
  };
  return { response: { ...rest, content: { [EVENT_STREAM]: content } }, models: data?.models ?? [] };
}
