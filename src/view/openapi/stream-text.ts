import { END_OF_STREAM_ID } from '../../event/encode';
import { ERROR_EVENT } from '../../event/own-events';
import type { StreamOptions } from '../../stream/stream-options';
import type { StreamDescription } from './describe-stream';
import { documentedEnd } from './stream-end';
import { isAnyJson, referencedName, type SchemaObject } from './schema-object';

/** What the 200 of a stream says: the form of `data`, the events by name, and how the stream ends. */
export function streamText({ events }: StreamDescription, options: StreamOptions): string {
  const { format } = options;
  const data = format === 'json' ? 'Server-sent events. `data` is JSON' : 'Server-sent events. `data` is text';
  const rows = events.some(({ name }) => name !== undefined) ? events : [];
  const table = rows.map(({ name, data: { schema } }) => `| ${eventName(name)} | ${typeName(schema)} |\n`).join('');
  const intro = `${data}${table ? `:\n\n| event | data |\n|---|---|\n${table}` : '.\n'}`;
  return `${intro}\n${endText(options)}\n\n${errorText(options)}`;
}

function endText({ onEnd }: StreamOptions): string {
  const end = documentedEnd({ onEnd });
  if (!end) {
    return onEnd === 'reconnect'
      ? 'At the end of the stream, clients reconnect after `retry`.'
      : 'At the end of the stream, the connection closes, and `EventSource` reconnects.';
  }
  const what = end.name === undefined ? 'an event without a name' : `the event ${code(end.name)}`;
  const data = end.data === '' ? 'an empty `data`' : `\`data\` ${code(end.data)}`;
  const others =
    onEnd === 'stop'
      ? ` A client whose \`Accept\` does not name \`text/event-stream\` gets no such event, only the id.`
      : '';
  return (
    `At the end of the stream comes ${what} with the id \`${END_OF_STREAM_ID}\` and ${data}: the client does not ` +
    `reconnect, and a request with that id as \`Last-Event-ID\` is answered with 204.${others}`
  );
}

function errorText({ onError }: StreamOptions): string {
  if (typeof onError === 'function') {
    return 'An error after the first event ends the stream.';
  }
  const after = onError === 'stop' ? 'The client does not reconnect.' : 'The client reconnects after its `retry`.';
  return `An error after the first event ends the stream with the event \`${ERROR_EVENT}\` (problem details, RFC 9457). ${after}`;
}

/** Beside events whose names are known, those without one may have any other. */
function eventName(name: string | undefined): string {
  return name === undefined ? 'any other' : code(name);
}

function typeName(schema: SchemaObject): string {
  if (schema.$ref !== undefined) {
    return code(referencedName(schema.$ref));
  }
  const members = schema.oneOf ?? schema.anyOf;
  if (members && schema.type === undefined) {
    return [...new Set(members.map(typeName))].join(' or ');
  }
  if (schema.type === 'array' && schema.items && !isAnyJson(schema.items)) {
    return `array of ${typeName(schema.items)}`;
  }
  return schema.type === undefined ? 'any JSON' : code(schema.type);
}

/** Text as code in a line or a cell of a table of Markdown. */
function code(given: string): string {
  const text = given.replaceAll('\n', '\\n');
  const fence = text.includes('`') ? '``' : '`';
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${text.replaceAll('|', '\\|')}${pad}${fence}`;
}
