import { createHash, randomBytes } from 'node:crypto';
import type { GapReason, Position } from './backplane';

/** Any position that a backplane may have made, whichever it was. Bounds what is kept of a client's word. */
export const POSITION = /^[\w.~-]{1,96}$/;

const OWN_POSITION = /^([0-9a-z]{8})-([0-9a-z]{1,7})\.(0|[1-9]\d{0,15})$/;

/**
 * The positions of one topic in one process: `<epoch>.<n>`. The epoch names the process and the topic, so that the id of an
 * earlier process, or of another topic, never stands for an event here. `n` counts the events of all topics together: a
 * topic that is let go and comes back needs no memory of its own to go on upwards.
 */
export class TopicPositions {
  /** 32-bit hashes of the topic's name. */
  readonly hashes: readonly number[];
  private readonly tag: string;

  constructor(
    private readonly process: string,
    topic: string,
  ) {
    const digest = createHash('sha256').update(topic).digest();
    this.tag = digest.readUInt32BE(0).toString(36);
    this.hashes = [4, 8, 12, 16].map((offset) => digest.readUInt32BE(offset));
  }

  at(n: number): Position {
    return `${this.process}-${this.tag}.${n}`;
  }

  /**
   * The number of a position that a client gives, or why it is none.
   *
   * @param last the highest number that was given so far.
   */
  read(after: string, last: number): number | GapReason {
    const [, process, tag, n] = (POSITION.test(after) && OWN_POSITION.exec(after)) || [];
    if (process === undefined) {
      return 'invalid';
    }
    if (process !== this.process) {
      return 'reset';
    }
    return tag === this.tag && Number(n) <= last ? Number(n) : 'invalid';
  }
}

/** A name for this life of the process: 8 characters of base 36, another one each time. */
export function newProcessEpoch(): string {
  return (randomBytes(6).readUIntBE(0, 6) % 36 ** 8).toString(36).padStart(8, '0');
}
