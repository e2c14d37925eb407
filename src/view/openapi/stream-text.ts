import { nameOfEnd } from '../../event/end-frame';
import { END_EVENT } from '../../event/own-events';
import type { StreamOptions } from '../../stream/stream-options';
import type { StreamDescription } from './describe-stream';
import { isAnyJson, referencedName, type SchemaObject } from './schema-object';

/** What the 200 of a stream says: the form of `data`, the events by name, and how the stream ends. */
export function streamText({ events }: StreamDescription, { format, onEnd }: StreamOptions): string {
  const data = format === 'json' ? 'Server-sent events. `data` is JSON' : 'Server-sent events. `data` is text';
  const rows = events.some(({ name }) => name !== undefined) ? events : [];
  const table = rows.map(({ name, data: { schema } }) => `| ${eventName(name)} | ${typeName(schema)} |\n`).join('');
  return `${data}${table ? `:\n\n| event | data |\n|---|---|\n${table}` : '.\n'}\n${endText(onEnd)} ${ERRORS}`;
}

const ERRORS = 'An error ends the stream with the event `stream-error` (problem details, RFC 9457).';

function endText(onEnd: StreamOptions['onEnd']): string {
  if (onEnd === 'reconnect' || onEnd === 'nothing') {
    return 'When the stream is over, clients reconnect.';
  }
  const name = onEnd === 'stop' ? END_EVENT : nameOfEnd(onEnd);
  const last = name === undefined ? 'an event without a name' : `the event ${code(name)}`;
  return `When the stream is over, ${last} comes last, and \`EventSource\` does not reconnect.`;
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

/** Text as code in a cell of a Markdown table. */
function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`';
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${text.replaceAll('|', '\\|')}${pad}${fence}`;
}
