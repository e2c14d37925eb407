/** A piece of text in one colour. */
export interface Piece {
  readonly kind: 'plain' | 'key' | 'string' | 'number' | 'literal';
  readonly text: string;
}

/** Deeper levels are not indented further. */
const DEEPEST_INDENT = 20;

const TOKENS = /\s*(?:("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],]))/y;

/**
 * Lays JSON out on lines, two spaces a level, every value as it was written: large numbers keep their digits.
 *
 * @param isWhole whether it is all of the text; of a beginning, as much is laid out as can be read.
 * @param most after so many characters, the rest stays as it was written.
 * @returns `undefined` where the text is not JSON.
 */
export function formatJson(text: string, isWhole: boolean, most = Infinity): Piece[] | undefined {
  if (isWhole ? !isJson(text) : !/^\s*[{[]/.test(text)) {
    return undefined;
  }
  const pieces: Piece[] = [];
  let plain = '';
  let depth = 0;
  let end = 0;
  const newLine = (): string => `\n${'  '.repeat(Math.min(depth, DEEPEST_INDENT))}`;
  let laid = 0;
  const put = (kind: Piece['kind'], value: string): void => {
    laid += plain.length + value.length;
    if (plain !== '') {
      pieces.push({ kind: 'plain', text: plain });
      plain = '';
    }
    pieces.push({ kind, text: value });
  };
  const next = (): RegExpExecArray | null => (laid <= most ? TOKENS.exec(text) : null);
  TOKENS.lastIndex = 0;
  for (let token = next(); token; token = next()) {
    const [, string, colon, number, literal, mark] = token;
    end = TOKENS.lastIndex;
    if (string !== undefined) {
      put(colon === undefined ? 'string' : 'key', string);
      plain += colon === undefined ? '' : ': ';
    } else if (number !== undefined) {
      put('number', number);
    } else if (literal !== undefined) {
      put('literal', literal);
    } else if (mark === ',') {
      plain += `,${newLine()}`;
    } else if (mark === '{' || mark === '[') {
      const empty = /\s*[}\]]/y;
      empty.lastIndex = end;
      if (empty.test(text)) {
        plain += mark === '{' ? '{}' : '[]';
        TOKENS.lastIndex = empty.lastIndex;
        end = empty.lastIndex;
      } else {
        depth++;
        plain += `${mark}${newLine()}`;
      }
    } else {
      depth--;
      plain += `${newLine()}${mark}`;
    }
  }
  plain += text.slice(end);
  return plain === '' ? pieces : [...pieces, { kind: 'plain', text: plain }];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
