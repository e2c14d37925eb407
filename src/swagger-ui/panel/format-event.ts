import type { ParsedEvent } from './event-stream-parser';
import { formatJson, type Piece } from './format-json';

/** How many lines of one event are shown. */
const SHOWN_LINES = 200;

/** How the data of an event are shown. */
export interface FormattedData {
  readonly pieces: readonly Piece[];
  /** What is not shown, in words; `''` where everything is. */
  readonly omitted: string;
}

/** Lays out the data of an event: JSON in lines and colours, anything else as it is, and no more of it than can be read. */
export function formatEvent({ data, length }: Pick<ParsedEvent, 'data' | 'length'>): FormattedData {
  const whole: Piece[] = formatJson(data, data.length === length) ?? [{ kind: 'plain', text: data }];
  const pieces: Piece[] = [];
  let lines = 1;
  for (const piece of whole) {
    const text = firstLines(piece.text, SHOWN_LINES - lines);
    pieces.push({ ...piece, text });
    if (text.length < piece.text.length) {
      return { pieces, omitted: `Only the first ${SHOWN_LINES} lines are shown; the data has ${characters(length)}.` };
    }
    lines += text.split('\n').length - 1;
  }
  return {
    pieces,
    omitted:
      data.length < length
        ? `Only the first ${data.length.toLocaleString('en')} of ${characters(length)} are shown.`
        : '',
  };
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
