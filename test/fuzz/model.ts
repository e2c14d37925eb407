import { ANY_UUID, DROPPED, linesOf, REFUSED, type Expectation, type ExpectedId, type Sent } from './expectation';
import type { FieldsMeaning, Meaning } from './meaning';

/** An event on its way, as the model sees it. `isExpressible` is about the data as JSON. */
export interface ModelMessage {
  readonly event: unknown;
  readonly data: unknown;
  readonly id: unknown;
  readonly retry: unknown;
  readonly comment: unknown;
  readonly raw: unknown;
  readonly isExpressible: 'yes' | 'no' | 'maybe';
  readonly json: string | undefined;
}

/** What a hook of a route does to a message, said a second time. It throws where the message is refused. */
export interface ModelRoute {
  readonly format: 'json' | 'text';
  readonly typedEvents: boolean;
  /** Whether the source pushes: what is pulled is awaited. */
  readonly isPushed: boolean;
  /** The data that the schema gives, or `undefined` for data that do not fit. */
  readonly schema?: ((data: unknown) => { readonly data?: unknown } | undefined) | undefined;
  /** What is sent in the place of data that do not fit; `undefined` drops the event. */
  readonly onInvalid?: (() => Meaning | undefined) | undefined;
  readonly eventId: ((message: ModelMessage) => unknown) | 'uuid';
  readonly pipe?: ((message: ModelMessage) => readonly ModelMessage[]) | undefined;
}

class Refusal extends Error {}

/** Of data that cannot be written: where a schema let them through, they are invalid, too. */
class DataRefusal extends Refusal {}

/** What must become of a value that a handler of this route yields. */
export function expectationOf(meaning: Meaning, route: ModelRoute): Expectation {
  try {
    if (meaning.is === 'promise') {
      const pushed: Meaning = { is: 'data', data: { value: meaning.promised, isExpressible: 'no' } };
      return route.isPushed ? become(pushed, route) : meaning.of ? expectationOf(meaning.of, route) : REFUSED;
    }
    return become(meaning, route);
  } catch {
    // A hook's error is the stream's.
    return REFUSED;
  }
}

/** What must become of a value that is published. */
export function publicationOf(meaning: Meaning, schema: ModelRoute['schema']): Expectation {
  const route: ModelRoute = { format: 'json', typedEvents: false, isPushed: true, schema, eventId: () => undefined };
  const fields = meaning.is === 'envelope' || meaning.is === 'made' ? meaning.fields : {};
  const isGiven = fields.id !== undefined || fields.retry !== undefined;
  const expectation = isGiven ? REFUSED : expectationOf(meaning, route);
  const isSilent = expectation.outcome === 'sent' && expectation.sent.every(({ event }) => event === undefined);
  return isSilent || expectation.outcome === 'dropped' ? REFUSED : expectation;
}

function become(meaning: Meaning, route: ModelRoute): Expectation {
  let message = messageOf(meaning);
  if (route.typedEvents && message.event === undefined && message.data !== undefined) {
    message = { ...message, event: classNameOf(message.data) };
  }
  if (route.schema && message.data !== undefined) {
    const valid = isWrittenAtAll(message.data) ? route.schema(message.data) : undefined;
    if (valid) {
      message = { ...message, ...valid };
    } else {
      const replacement = route.onInvalid?.();
      if (!replacement) {
        return route.onInvalid ? DROPPED : REFUSED;
      }
      message = messageOf(replacement);
    }
  }
  const given = withId(message, route);
  const messages = route.pipe ? route.pipe(given) : [given];
  if (messages.length === 0) {
    return { outcome: 'left out' };
  }
  const sent = messages.map((one) => encodedOrReplaced(one, route));
  const dropped = sent.filter((one) => one === undefined).length;
  return dropped > 0
    ? { outcome: 'dropped', events: dropped, sent: sent.filter((one) => one !== undefined) }
    : { outcome: 'sent', sent: sent.filter((one) => one !== undefined), isCertain: messages.every(isCertain) };
}

/** What no JSON has a place for is invalid as the output of a schema already. */
function isWrittenAtAll(data: unknown): boolean {
  return !['bigint', 'function', 'symbol'].includes(typeof data);
}

/** `undefined` for an event that is dropped. */
function encodedOrReplaced(one: ModelMessage, route: ModelRoute): Sent | undefined {
  try {
    return encoded(one, route.format);
  } catch (error) {
    if (!(error instanceof DataRefusal) || !route.schema || !route.onInvalid) {
      throw error;
    }
    const replacement = route.onInvalid();
    return replacement && encoded(withId(messageOf(replacement), route), route.format);
  }
}

function withId(message: ModelMessage, { eventId }: ModelRoute): ModelMessage {
  return message.id === undefined && message.data !== undefined
    ? { ...message, id: eventId === 'uuid' ? ANY_UUID : eventId(message) }
    : message;
}

function messageOf(meaning: Meaning): ModelMessage {
  switch (meaning.is) {
    case 'data':
      if (meaning.data.value === undefined && meaning.data.isExpressible !== 'no') {
        throw new Refusal();
      }
      return messageFrom({ data: meaning.data });
    case 'envelope':
      if (meaning.fields.data?.value === undefined) {
        throw new Refusal();
      }
      return messageFrom({ ...meaning.fields, raw: undefined });
    case 'made':
      checkMade(meaning.fields);
      return messageFrom(meaning.fields);
    default:
      throw new Refusal();
  }
}

function messageFrom(fields: FieldsMeaning): ModelMessage {
  const { event, data, id, retry, comment, raw } = fields;
  const { isExpressible = 'yes', json: known } = data ?? {};
  return { event, data: data?.value, id, retry, comment, raw, isExpressible, json: known };
}

/** What `sseEvent()` refuses at once. */
function checkMade({ event, data, id, retry, comment, raw }: FieldsMeaning): void {
  const hasData = data?.value !== undefined || data?.isExpressible === 'no';
  void name(event);
  void idOf(id);
  void time(retry);
  void text(comment);
  void text(raw);
  const isEmpty = !hasData && raw === undefined;
  if (
    (hasData && raw !== undefined) ||
    (isEmpty && (event !== undefined || id !== undefined || (comment === undefined && retry === undefined)))
  ) {
    throw new Refusal();
  }
}

function encoded(one: ModelMessage, format: 'json' | 'text'): Sent {
  const [type, id, retry, comment] = [name(one.event), idOf(one.id), time(one.retry), text(one.comment)] as const;
  const isAlone = one.data === undefined && one.isExpressible === 'yes';
  if (isAlone && one.raw === undefined) {
    return { retry, comment };
  }
  const data = isAlone ? text(one.raw)! : format === 'json' ? json(one) : written(one.data);
  return { event: { type: type || 'message', data: linesOf(data).join('\n'), id }, retry, comment };
}

function json({ data, isExpressible, json: known }: ModelMessage): string {
  if (isExpressible === 'no') {
    throw new DataRefusal();
  }
  return known ?? JSON.stringify(data);
}

function written(data: unknown): string {
  if (typeof data !== 'string') {
    throw new DataRefusal();
  }
  return data;
}

function text(value: unknown): string | undefined {
  if (value !== undefined && typeof value !== 'string') {
    throw new Refusal();
  }
  return value;
}

const OWN_NAMES = ['start', 'gap', 'snapshot', 'end', 'stream-error', 'ping'];

function name(value: unknown): string | undefined {
  const given = text(value);
  if (given !== undefined && (/[\r\n]/.test(given) || !given.isWellFormed() || isOwn(given))) {
    throw new Refusal();
  }
  return given;
}

function isOwn(given: string): boolean {
  return OWN_NAMES.includes(given) || given.startsWith('~');
}

function idOf(value: unknown): ExpectedId {
  if (value === ANY_UUID) {
    return ANY_UUID;
  }
  const given = typeof value === 'number' && Number.isFinite(value) ? `${value}` : text(value);
  const isRefused =
    given !== undefined &&
    (given.length > 1_024 ||
      // oxlint-disable-next-line no-control-regex -- it is what is meant
      /[\0-\u0008\n-\u001f\u007f]/.test(given) ||
      /^[ \t]|[ \t]$/.test(given) ||
      given === '~end' ||
      !given.isWellFormed());
  if (isRefused) {
    throw new Refusal();
  }
  return given;
}

function time(value: unknown): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Refusal();
  }
  return value === 0 ? 0 : value;
}

/** Whether it may not be refused: a header can carry a tab and controls above ASCII, and other programs may not. */
function isCertain({ id, isExpressible }: ModelMessage): boolean {
  // oxlint-disable-next-line no-control-regex -- it is what is meant
  return isExpressible !== 'maybe' && !(typeof id === 'string' && /[\t\u0080-\u009f]/.test(id));
}

function classNameOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return undefined;
  }
  const { constructor } = (Object.getPrototypeOf(data) ?? { constructor: Object }) as { constructor: unknown };
  return typeof constructor === 'function' && constructor !== Object ? constructor.name : undefined;
}
