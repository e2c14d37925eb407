import { createParser, type EventSourceMessage } from 'eventsource-parser';
import * as fc from 'fast-check';
import { encodeMessage, type SseFormat } from '../../src/event/encode';
import type { SseEnvelope } from '../../src/event/sse-event';
import { toMessage } from '../../src/event/to-message';
import { SseFieldError } from '../../src/event/sse.error';
import { readAsBrowser, type DispatchedEvent } from '../support/whatwg-parser';

const RUNS = { numRuns: 1_000 };

/** Pieces of which an injection would be made, and characters that some client treats as special. */
const LINE_BREAKS = ['\n', '\r', '\r\n', '\n\n', '\r\r', '\n\r\n', '\n\ndata: evil\n\n'];
const FIELDS = ['data: evil', 'data', 'event: evil', 'id: 666', 'id', 'retry: 1', ': comment', ':', ' ', '~end'];
const ODD_CHARACTERS = [
  '\0',
  '\t',
  '\v',
  '\f',
  '\u0085',
  '\u2028',
  '\u2029',
  '\uFEFF',
  '\uFFFD',
  '\uD800',
  '\uDC00',
  '👩‍🚀',
  'ï»¿',
];
const HOSTILE = [...LINE_BREAKS, ...FIELDS, ...ODD_CHARACTERS];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 4 }), fc.string()), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

/** What is left of a text when what a header cannot carry is taken out. */
const inAHeader = (text: string): string =>
  text.replace(/[^\P{Cc}\t\u0080-\u009F]/gu, '').replace(/^[ \t]+|[ \t]+$/g, '');
const oneLine = hostile.map((text) => text.replace(/[\r\n]/g, '').toWellFormed());
const validId = oneLine.map(inAHeader).filter((id) => id !== '~end');
const validName = oneLine.filter((name) => !name.startsWith('~'));
const jsonValue = fc.jsonValue({ stringUnit: 'binary' });
const jsonData = fc.oneof(
  jsonValue,
  hostile,
  fc.record({ text: hostile, more: fc.array(hostile, { maxLength: 2 }) }),
  fc.dictionary(hostile, jsonValue, { maxKeys: 3 }),
);
const retry = fc.oneof(fc.nat(), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));
const absentOr = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const chunkSizes = fc.oneof(
  fc.constant([1]),
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
);

interface Sample {
  readonly format: SseFormat;
  readonly envelope: SseEnvelope;
}

const sampleOf = (event: fc.Arbitrary<string>, id: fc.Arbitrary<string>): fc.Arbitrary<Sample> => {
  const fields = { event: absentOr(event), id: absentOr(id), retry: absentOr(retry), comment: absentOr(hostile) };
  return fc.oneof(
    fc.record({ format: fc.constant<SseFormat>('json'), envelope: fc.record({ ...fields, data: jsonData }) }),
    fc.record({ format: fc.constant<SseFormat>('text'), envelope: fc.record({ ...fields, data: hostile }) }),
  );
};
const sound = sampleOf(validName, validId);
const anything = sampleOf(hostile, hostile);

/** What clients must read for `data`: JSON, or text whose lines end in LF and whose lone surrogates UTF-8 cannot carry. */
const dataOnTheWire = ({ format, envelope }: Sample): string =>
  format === 'json' ? JSON.stringify(envelope.data) : (envelope.data as string).replace(/\r\n?/g, '\n').toWellFormed();

const encode = ({ format, envelope }: Sample): string => encodeMessage(toMessage(envelope), format);

/** What a client must dispatch for a sequence of events, and what it must know at the end. */
function expected(samples: readonly Sample[]): { events: DispatchedEvent[]; lastEventId: string; retry?: number } {
  const events: DispatchedEvent[] = [];
  let lastEventId = '';
  let reconnectionTime: number | undefined;
  for (const sample of samples) {
    const { event, data, id, retry: time } = sample.envelope;
    lastEventId = id === undefined ? lastEventId : String(id);
    reconnectionTime = time ?? reconnectionTime;
    if (data !== undefined) {
      events.push({ type: event || 'message', data: dataOnTheWire(sample), lastEventId });
    }
  }
  return { events, lastEventId, ...(reconnectionTime !== undefined && { retry: reconnectionTime }) };
}

function readByAlgorithm(body: string, sizes: readonly number[]): ReturnType<typeof expected> {
  const { events, lastEventId, reconnectionTime } = readAsBrowser(body, sizes);
  return { events, lastEventId, ...(reconnectionTime !== undefined && { retry: reconnectionTime }) };
}

/** The other reader gives an event its own id only; the last one is kept here as the specification says. */
function readByEventsourceParser(
  body: string,
  sizes: readonly number[],
): Omit<ReturnType<typeof expected>, 'lastEventId'> {
  const events: EventSourceMessage[] = [];
  const errors: Error[] = [];
  let time: number | undefined;
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onRetry: (value) => (time = value),
    onError: (error) => errors.push(error),
  });
  const decoder = new TextDecoder();
  const bytes = Buffer.from(body, 'utf8');
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    parser.feed(decoder.decode(bytes.subarray(start, start + size), { stream: true }));
    start += size;
  }
  expect(errors).toEqual([]);
  return {
    events: events.map(({ event, data, id }) => ({ type: event ?? 'message', data, lastEventId: id ?? '' })),
    ...(time !== undefined && { retry: time }),
  };
}

/** The same with the ids that the other reader sees: each event's own. */
function ownIds(samples: readonly Sample[]): Omit<ReturnType<typeof expected>, 'lastEventId'> {
  const { lastEventId: _last, ...rest } = expected(samples);
  const ids = samples.filter(({ envelope }) => envelope.data !== undefined).map(({ envelope }) => envelope.id ?? '');
  return { ...rest, events: rest.events.map((event, i) => ({ ...event, lastEventId: String(ids[i]) })) };
}

function expectReadBack(samples: readonly Sample[], body: string, sizes: readonly number[]): void {
  expect(readByAlgorithm(body, sizes)).toEqual(expected(samples));
  expect(readByEventsourceParser(body, sizes)).toEqual(ownIds(samples));
}

/** The frame, or `undefined` where the event was refused with the error that says which field is at fault. */
function encodeOrRefuse(sample: Sample): string | undefined {
  try {
    return encode(sample);
  } catch (error) {
    if (error instanceof SseFieldError) {
      return undefined;
    }
    throw error;
  }
}

describe('an event, whatever is in its fields', () => {
  it('is never refused when its fields are sound, and both readers read it back', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(sound, chunkSizes, (sample, sizes) => {
        expectReadBack([sample], encode(sample), sizes);
      }),
      RUNS,
    );
  });

  it('is refused, or both readers read back that one event with those very values', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(anything, chunkSizes, (sample, sizes) => {
        const frame = encodeOrRefuse(sample);
        if (frame !== undefined) {
          expectReadBack([sample], frame, sizes);
        }
      }),
      RUNS,
    );
  });

  it.each(['event', 'id'] as const)('is refused for its %s exactly where that cannot be read back', (field) => {
    expect.hasAssertions();
    fc.assert(
      fc.property(hostile, (value) => {
        const frame = encodeOrRefuse({ format: 'json', envelope: { [field]: value, data: 1 } });
        const isSound =
          !/[\r\n]/.test(value) &&
          value.isWellFormed() &&
          (field === 'event'
            ? !value.startsWith('~')
            : value.length <= 1_024 && inAHeader(value) === value && value !== '~end');
        expect(frame !== undefined).toBe(isSound);
      }),
      RUNS,
    );
  });

  it('has only lines that begin with the name of a field that was given', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(anything, (sample) => {
        const frame = encodeOrRefuse(sample);
        if (frame === undefined || frame === '') {
          return;
        }
        const { comment, ...fields } = sample.envelope;
        const names = Object.entries(fields)
          .filter(([, value]) => value !== undefined)
          .map(([name]) => `${name}: `);
        const prefixes = comment === undefined ? names : [': ', ...names];
        expect(frame).not.toContain('\r');
        expect(frame.endsWith('\n\n')).toBe(true);
        const lines = frame.slice(0, -2).split('\n');
        expect(lines.filter((line) => !prefixes.some((prefix) => line.startsWith(prefix)))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('has JSON data that parse back to the value that was given', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(jsonData, (data) => {
        const [event] = readAsBrowser(encodeMessage({ data })).events;
        // As JSON has it: -0 is 0 there.
        expect(JSON.parse(event!.data)).toEqual(JSON.parse(JSON.stringify(data)));
      }),
      RUNS,
    );
  });
});

describe('events after one another', () => {
  it('are read back as that sequence, with ids that last and blocks that do not run into one another', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 8 }), chunkSizes, (samples, sizes) => {
        const sent: Sample[] = [];
        let body = '';
        for (const sample of samples) {
          const frame = encodeOrRefuse(sample);
          if (frame !== undefined) {
            sent.push(sample);
            body += frame;
          }
        }
        expectReadBack(sent, body, sizes);
      }),
      { numRuns: 500 },
    );
  });
});
