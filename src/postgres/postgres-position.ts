import { createHash } from 'node:crypto';
import type { Position } from '../channel/backplane';
import { POSITION } from '../channel/memory-position';

const OWN_POSITION = /^([0-9a-f]{10})-([0-9a-z]{1,10})-([0-9a-f]{1,8})\.(0|[1-9]\d{0,15})$/;

/** A place in a topic. */
export interface Place {
  /** Names this life of the tables. */
  readonly epoch: string;
  /** Drawn for each event: tells it from another one that had its number before the tables were taken back to a copy. */
  readonly nonce: string;
  /** Counts the events of the topic. */
  readonly n: string;
}

/** A short name of a topic, for positions and notifications. */
export function tagOf(topic: string): string {
  return createHash('sha256').update(topic).digest().readUIntBE(0, 6).toString(36);
}

export function positionOf(tag: string, { epoch, nonce, n }: Place): Position {
  return `${epoch}-${tag}-${nonce}.${n}`;
}

/** The place that a client names, or `undefined` when it is none of this topic. */
export function readPosition(tag: string, after: string): Place | undefined {
  const [, epoch, of, nonce, n] = (POSITION.test(after) && OWN_POSITION.exec(after)) || [];
  return epoch !== undefined && of === tag ? { epoch, nonce: nonce!, n: n! } : undefined;
}
