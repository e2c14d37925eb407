import { describe, GAP, numberOf, publisherOf, sighting, type ClientRecord, type TopicRecord } from './record';

/** What a run came to, over all clients. */
export interface Verdict {
  /** Events that the clients should have received. */
  expected: number;
  /** Different events that they did receive. */
  received: number;
  /** Gaps that they were told of. */
  gaps: number;
  lost: number;
  doubled: number;
  outOfOrder: number;
  /** Events that a client lacks and was not told of at their place. */
  lostWithoutNotice: number;
  /** The first places where something is wrong, in words. */
  readonly places: string[];
}

/** Most places that are told. */
const MOST_PLACES = 10;
/** How much of what a client saw is told on each side of a place. */
const CONTEXT = 8;

/**
 * Compares what clients received with what was published.
 *
 * An event that comes twice with a gap between is no double where the engine may have forgotten its first coming with its key:
 * it is one that had to be repeated, and the engine does not keep its data.
 */
export function judge(
  topics: readonly TopicRecord[],
  clients: readonly ClientRecord[],
  isPersistent: boolean,
): Verdict {
  const verdict: Verdict = {
    expected: 0,
    received: 0,
    gaps: 0,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    lostWithoutNotice: 0,
    places: [],
  };
  for (const [index, topic] of topics.entries()) {
    const readers = clients.filter((client) => client.topic === index);
    // One that came before the engine forgot it, and again after, has no one place.
    const order = orderOf(readers, isPersistent ? new Set() : topic.repeated);
    for (const reader of readers) {
      judgeClient(topic, reader, order, isPersistent, verdict);
    }
  }
  return verdict;
}

function judgeClient(
  { published, repeated }: TopicRecord,
  { name, seen }: ClientRecord,
  order: ReadonlyMap<number, number>,
  isPersistent: boolean,
  verdict: Verdict,
): void {
  const received = new Set<number>();
  const unnoticed = new Set<number>();
  /** The newest event of each publisher. */
  const last = published.map(() => 0);
  /** Whether a gap was told since. */
  const isTold = published.map(() => false);
  let place = -1;
  const note = (what: string, at: number): void => {
    if (verdict.places.length < MOST_PLACES) {
      const around = seen
        .slice(Math.max(0, at - CONTEXT), at + CONTEXT)
        .map(describe)
        .join(' ');
      verdict.places.push(`${name}: ${what}, among ${around}`);
    }
  };
  for (const [index, event] of seen.entries()) {
    if (event === GAP) {
      verdict.gaps++;
      isTold.fill(true);
      continue;
    }
    const publisher = publisherOf(event);
    const n = numberOf(event);
    if (received.has(event)) {
      if (isPersistent || !repeated.has(event) || !isTold[publisher]!) {
        verdict.doubled++;
        note(`${describe(event)} comes twice`, index);
      }
      continue;
    }
    received.add(event);
    unnoticed.delete(event);
    const at = order.get(event) ?? place;
    if (n < last[publisher]! || at < place) {
      verdict.outOfOrder++;
      note(`${describe(event)} is out of order`, index);
    }
    place = Math.max(place, at);
    if (n > last[publisher]! + 1 && !isTold[publisher]!) {
      note(`what is before ${describe(event)} is missing`, index);
    }
    for (let missing = last[publisher]! + 1; missing < n && !isTold[publisher]!; missing++) {
      unnoticed.add(sighting(publisher, missing));
    }
    last[publisher] = Math.max(last[publisher]!, n);
    isTold[publisher] = false;
  }
  const expected = published.reduce((sum, count) => sum + count, 0);
  // The last events are published when everything is well again: nothing excuses that they are missing.
  const tail = published.reduce((sum, count, publisher) => sum + Math.max(0, count - last[publisher]!), 0);
  if (tail > 0) {
    note(`the last ${tail} are missing`, seen.length);
  }
  verdict.expected += expected;
  verdict.received += received.size;
  verdict.lost += expected - received.size;
  verdict.lostWithoutNotice += unnoticed.size + tail;
}

/** The order in which the client that received most received it, but for some: all others must agree with it. */
function orderOf(clients: readonly ClientRecord[], but: ReadonlySet<number>): ReadonlyMap<number, number> {
  const most = clients.reduce<readonly number[]>((best, { seen }) => (seen.length > best.length ? seen : best), []);
  const order = new Map<number, number>();
  for (const event of most) {
    if (event !== GAP && !order.has(event) && !but.has(event)) {
      order.set(event, order.size);
    }
  }
  return order;
}

/** What a run must not have, each with its number. Nothing is left of one that is as promised. */
export function broken(verdict: Verdict, isPersistent: boolean): readonly string[] {
  const { gaps, lost, doubled, outOfOrder, lostWithoutNotice } = verdict;
  const always = { doubled, 'out of order': outOfOrder, 'lost without notice': lostWithoutNotice };
  const counts = isPersistent ? { lost, 'gaps told': gaps, ...always } : always;
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
}
