import type { DispatchedEvent } from '../support/whatwg-parser';
import { ANY_TIME, ANY_UUID, linesOf, type Sent } from './expectation';

/** What is wrong with a stream. */
export interface Finding {
  /**
   * `injected`: something arrived that nobody sent, or as something else; `lost`: something is missing and nobody was told;
   * `wrong`: refused what is sound, or taken what is not; `crashed`: an error left its stream, or it never ended.
   */
  readonly kind: 'injected' | 'lost' | 'wrong' | 'crashed';
  readonly message: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const KNOWN_LINE = /^(?:(?:event|id|retry|data): |data:$|:|$)/;

/** What was sent, beside what arrived. */
export function compare(sent: readonly Sent[], events: readonly DispatchedEvent[], body: string): Finding[] {
  const findings: Finding[] = [];
  const unequal = firstUnequal(sent, events);
  if (unequal) {
    findings.push(unequal);
  }
  const lines = body.split('\n');
  if (body.includes('\r') || !lines.every((line) => KNOWN_LINE.test(line))) {
    const line = lines.find((one) => one.includes('\r') || !KNOWN_LINE.test(one));
    findings.push({ kind: 'injected', message: `a line that is no field: ${show(line)}` });
  }
  const comments = sent.flatMap(({ comment }) => (comment === undefined ? [] : linesOf(comment)));
  const times = sent.map(({ retry }) => retry).filter((retry) => retry !== undefined);
  const more = [
    // An empty comment is the library's own.
    firstOther('comment', comments, valuesOf(lines, ': ')),
    firstOther('retry', times, valuesOf(lines, 'retry: ')),
  ];
  return [...findings, ...more.filter((finding) => finding !== undefined)];
}

/** Whether an event is the one that was sent after this id. */
export function isEqual(event: NonNullable<Sent['event']>, actual: DispatchedEvent, lastEventId: string): boolean {
  const id = event.id ?? lastEventId;
  return (
    event.type === actual.type &&
    event.data === actual.data &&
    (id === ANY_UUID ? UUID.test(actual.lastEventId) : id === actual.lastEventId)
  );
}

function firstUnequal(sent: readonly Sent[], events: readonly DispatchedEvent[]): Finding | undefined {
  const expected = sent.flatMap(({ event }) => (event ? [event] : []));
  let lastEventId = '';
  for (const [index, event] of expected.entries()) {
    const actual = events[index];
    if (!actual) {
      return { kind: 'lost', message: `event ${index} is missing: ${show(event)}` };
    }
    if (!isEqual(event, actual, lastEventId)) {
      const next = expected[index + 1];
      const isSkipped = next && isEqual(next, actual, lastEventId);
      const kind = actual.type === 'stream-error' ? 'wrong' : isSkipped ? 'lost' : 'injected';
      return { kind, message: `event ${index} is ${show(actual)}, and was ${show(event)}` };
    }
    ({ lastEventId } = actual);
  }
  const extra = events[expected.length];
  return extra && { kind: 'injected', message: `event ${expected.length} was never sent: ${show(extra)}` };
}

function firstOther(
  field: string,
  expected: readonly (string | number | typeof ANY_TIME)[],
  actual: readonly string[],
): Finding | undefined {
  const length = Math.max(expected.length, actual.length);
  for (let index = 0; index < length; index++) {
    const [one, other] = [expected[index], actual[index]];
    if (one === ANY_TIME ? !/^\d+$/.test(other ?? '') : String(one) !== other) {
      const kind = other === undefined ? 'lost' : 'injected';
      return { kind, message: `${field} ${index} is ${show(other)}, and was ${show(one)}` };
    }
  }
  return undefined;
}

function valuesOf(lines: readonly string[], prefix: string): string[] {
  return lines.flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []));
}

/** Most characters that are shown of anything. */
const MAX_SHOWN = 300;

export function show(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, member: unknown) => (typeof member === 'symbol' ? member.description : member)) ??
    String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text;
}
