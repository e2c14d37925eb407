/** Publishers of each topic. */
export const PUBLISHERS = 2;

/** A gap, among what a client saw. */
export const GAP = -1;

/** An event among what a client saw: one number, for there are millions. @param n the publisher's own count, from 1. */
export function sighting(publisher: number, n: number): number {
  return n * PUBLISHERS + publisher;
}

export function publisherOf(event: number): number {
  return event % PUBLISHERS;
}

export function numberOf(event: number): number {
  return Math.floor(event / PUBLISHERS);
}

/** An event, or a gap, for a person: the publisher is a letter. */
export function describe(event: number): string {
  return event === GAP ? 'gap' : `${String.fromCharCode(97 + publisherOf(event))}${numberOf(event)}`;
}

/** What was published to a topic. */
export interface TopicRecord {
  /** Events of each publisher: 1 to this, each of them acknowledged. */
  readonly published: readonly number[];
  /** Events that had to be sent more than once until they were acknowledged. */
  readonly repeated: ReadonlySet<number>;
}

/** What a client received. */
export interface ClientRecord {
  /** For a person. */
  readonly name: string;
  readonly topic: number;
  readonly seen: readonly number[];
}
