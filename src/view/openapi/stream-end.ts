import { END_OF_STREAM_ID } from '../../event/encode';
import { encodeJson } from '../../event/encode-json';
import { END_FRAME, endFrame, nameOfEnd } from '../../event/end-frame';
import { END_EVENT, ERROR_EVENT } from '../../event/own-events';
import type { StreamOptions } from '../../stream/stream-options';

/** The event that ends a stream, as a document shows it. */
export interface DocumentedEnd {
  /** `undefined` where the developer gives it data and no name. */
  readonly name: string | undefined;
  /** What is in its `data`. */
  readonly data: string;
  /** As it is on the wire. */
  readonly frame: string;
}

/** The event that comes last; `undefined` where a client that is at the end gets none. */
export function documentedEnd({ onEnd }: Pick<StreamOptions, 'onEnd'>): DocumentedEnd | undefined {
  if (onEnd === 'reconnect' || onEnd === 'nothing') {
    return undefined;
  }
  if (onEnd === 'stop') {
    return { name: END_EVENT, data: '', frame: END_FRAME };
  }
  const { data, raw } = onEnd;
  const text = raw ?? (data === undefined ? '' : encodeJson(data));
  return { name: nameOfEnd(onEnd), data: text, frame: endFrame(onEnd) };
}

/** The envelope of the event that comes last. */
export function endEnvelope({ name, data }: DocumentedEnd): object {
  return {
    type: 'object',
    description: 'The end of the stream. A client does not reconnect after it.',
    required: [...(name === undefined ? [] : ['event']), 'data', 'id'],
    properties: {
      ...(name !== undefined && { event: { type: 'string', const: name } }),
      data: { type: 'string', const: data },
      id: { type: 'string', const: END_OF_STREAM_ID },
      retry: { type: 'integer', minimum: 0 },
    },
  };
}

/** The envelope of the event that tells of an error in an open stream. */
export const ERROR_ENVELOPE = {
  type: 'object',
  description: 'An error, which ends the stream.',
  required: ['event', 'data'],
  properties: {
    event: { type: 'string', const: ERROR_EVENT },
    data: {
      type: 'string',
      contentMediaType: 'application/problem+json',
      contentSchema: {
        type: 'object',
        required: ['type', 'title', 'status'],
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          detail: { type: 'string' },
        },
      },
    },
    id: { type: 'string' },
    retry: { type: 'integer', minimum: 0 },
  },
};
