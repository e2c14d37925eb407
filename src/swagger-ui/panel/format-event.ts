import type { ParsedEvent } from './event-stream-parser';
import { formatJson, type Piece } from './format-json';

/** How much of one event is shown. */
export interface Extent {
  readonly lines: number;
  readonly characters: number;
  /** How many pieces have a colour of their own; each is an element of the page. */
  readonly pieces: number;
}

/** Of each event, at first. */
export const BRIEF: Extent = { lines: 20, characters: 1_500, pieces: 80 };

/** Of an event that somebody looks at. */
export const FULL: Extent = { lines: 200, characters: Infinity, pieces: 1_000 };

/** How the data of an event are shown. */
export interface FormattedData {
  readonly pieces: readonly Piece[];
  /** Whether a larger extent shows more. */
  readonly isCut: boolean;
}

/** Lays out the data of an event: JSON in lines and colours, anything else as it is, and no more of it than its extent. */
export function formatEvent({ data, length }: Pick<ParsedEvent, 'data' | 'length'>, extent: Extent): FormattedData {
  const whole: Piece[] = formatJson(data, data.length === length, extent.characters) ?? [{ kind: 'plain', text: data }];
  const pieces: Piece[] = [];
  let lines = 1;
  let shown = 0;
  for (const piece of whole) {
    const text = firstLines(piece.text.slice(0, extent.characters - shown), extent.lines - lines);
    put(pieces, { ...piece, text }, extent.pieces);
    if (text.length < piece.text.length) {
      return { pieces, isCut: true };
    }
    lines += text.split('\n').length - 1;
    shown += text.length;
  }
  return { pieces, isCut: false };
}

/** What is not shown of an event in its full extent, in words; `''` where everything is. */
export function omittedOf({ data, length }: Pick<ParsedEvent, 'data' | 'length'>, { isCut }: FormattedData): string {
  if (isCut) {
    return `Only the first ${FULL.lines} lines are shown; the data has ${characters(length)}.`;
  }
  return data.length < length
    ? `Only the first ${data.length.toLocaleString('en')} of ${characters(length)} are shown.`
    : '';
}

/** A piece too many loses its colour. */
function put(pieces: Piece[], piece: Piece, most: number): void {
  const last = pieces.length >= most ? pieces.pop()! : undefined;
  pieces.push(last ? { kind: 'plain', text: last.text + piece.text } : piece);
}

/** The text up to the line break that is one too many. */
function firstLines(text: string, breaks: number): string {
  let end = -1;
  for (let count = 0; count <= breaks; count++) {
    end = text.indexOf('\n', end + 1);
    if (end < 0) {
      return text;
    }
  }
  return text.slice(0, end);
}

function characters(count: number): string {
  return `${count.toLocaleString('en')} characters`;
}
