import { createHash, randomBytes } from 'node:crypto';

/** Any position that a backplane may have made, whichever it was. Bounds what is kept of a client's word. */
export const POSITION = /^[\w.~-]{1,96}$/;

const OWN_POSITION = /^[0-9a-z]{8}\.(?:0|[1-9]\d{0,14})\.(?:0|[1-9]\d{0,14})-(?:0|[1-9]\d{0,14})$/;
const LIFE_LENGTH = 8;

/**
 * A place in a topic: `<life>.<n>.<id>`. The life is that of the topic's data in Redis; `n` counts its entries, without a
 * hole; the id is that of the entry in the stream, with the time in it. So an `n` that is given a second time, after Redis
 * has lost its latest entries, is another place.
 */
export class RedisPosition {
  constructor(
    readonly text: string,
    readonly life: string,
    readonly n: number,
  ) {}

  /** `<milliseconds>-<sequence>`. */
  get id(): string {
    return this.text.slice(this.text.lastIndexOf('.') + 1);
  }
}

/**
 * @param life which it is likely to have: a string that is known is not made again.
 * @returns `undefined` for what this backplane cannot have made.
 */
export function readPosition(text: string, life = ''): RedisPosition | undefined {
  if (!OWN_POSITION.test(text)) {
    return undefined;
  }
  const n = Number(text.slice(LIFE_LENGTH + 1, text.indexOf('.', LIFE_LENGTH + 1)));
  return new RedisPosition(text, life && text.startsWith(life) ? life : text.slice(0, LIFE_LENGTH), n);
}

export function positionAt(life: string, n: number, id: string): RedisPosition {
  return new RedisPosition(`${life}.${n}.${id}`, life, n);
}

/** Whether one entry of a stream came before another of the same life. */
export function isBefore(one: RedisPosition, other: RedisPosition): boolean {
  if (other.n === one.n + 1) {
    return true;
  }
  const [milliseconds, sequence] = one.id.split('-').map(Number);
  const [otherMilliseconds, otherSequence] = other.id.split('-').map(Number);
  return milliseconds! < otherMilliseconds! || (milliseconds === otherMilliseconds && sequence! < otherSequence!);
}

/** A name for a life: 8 characters of base 36, another one each time. */
export function newLife(): string {
  return lifeOf(randomBytes(6));
}

/** The life of a topic that nobody has published to, as long as Redis keeps its data. */
export function unusedLife(epoch: string, topic: string): string {
  return lifeOf(createHash('sha256').update(`${epoch}/${topic}`).digest());
}

function lifeOf(bytes: Buffer): string {
  return (bytes.readUIntBE(0, 6) % 36 ** 8).toString(36).padStart(8, '0');
}
