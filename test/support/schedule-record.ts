import { inspect } from 'node:util';

/** A place in a topic: the number of its event, and the era of the engine's data in which it was made. */
export interface Place {
  readonly n: number;
  readonly era: number;
}

/** What somebody published, at the position that it was given. */
export interface LoggedEvent extends Place {
  readonly id: string;
  /** `undefined` for what is no event: nobody gets it. */
  readonly value: number | undefined;
}

/** What a client received, or did. `during` is the era in which it did. */
export type Sighting =
  | { readonly kind: 'connect'; readonly after: string | undefined; readonly during: number }
  | { readonly kind: 'start'; readonly id: string; readonly during: number }
  | { readonly kind: 'gap'; readonly id: string; readonly during: number; readonly reason: string }
  | { readonly kind: 'event'; readonly id: string; readonly during: number; readonly value: number };

/** What a client was there for, and what it received. */
export interface ClientRecord {
  readonly name: string;
  readonly topic: string;
  readonly passes: (value: number) => boolean;
  readonly isFiltered: boolean;
  readonly sightings: readonly Sighting[];
}

/** Most sightings before a place that are told with it. */
const CONTEXT = 8;

/**
 * What there was in the engine. Its data live in eras: in each one the engine has lost something of the one before, all or
 * what came last.
 */
export class ScheduleRecord {
  /** Up to which number the events of a topic outlived the end of each era; -1 where not even its beginning did. */
  private readonly ends: ((topic: string) => number)[] = [];
  private readonly topics = new Map<string, Map<string, LoggedEvent>>();

  /** @param placeOf reads a position; `era` is the one in which it was received, where it does not say so itself. */
  constructor(private readonly placeOf: (id: string, era: number) => Place) {}

  /** The era that it is. */
  get era(): number {
    return this.ends.length;
  }

  /** The topics of which it knows. */
  get names(): string[] {
    return [...this.topics.keys()];
  }

  /** The engine loses what is after these numbers. */
  endEra(survives: (topic: string) => number): void {
    this.ends.push(survives);
  }

  /** Remembers what was written to a topic. */
  log(topic: string, id: string, payload: string, during: number): void {
    let events = this.topics.get(topic);
    if (!events) {
      events = new Map();
      this.topics.set(topic, events);
    }
    const value = /^data: (\d+)\n\n$/.exec(payload)?.[1];
    events.set(id, { id, value: value === undefined ? undefined : Number(value), ...this.placeOf(id, during) });
  }

  /** The number of a topic's newest event, of those that clients get. */
  tip(topic: string): number {
    const here = [...(this.topics.get(topic)?.values() ?? [])].filter(
      (event) => event.value !== undefined && this.outlives(topic, event, this.era),
    );
    return Math.max(0, ...here.map(({ n }) => n));
  }

  /** The number that a client has come to. */
  numberOf({ sightings }: ClientRecord): number {
    const last = sightings.findLast((sighting) => sighting.kind !== 'connect');
    return last === undefined ? -1 : this.placeOf(last.id, last.during).n;
  }

  /** What is wrong with what the clients received, in words. */
  problems(clients: readonly ClientRecord[], finales: ReadonlyMap<string, string>): string[] {
    for (const { topic, sightings } of clients) {
      for (const sighting of sightings) {
        // Nobody may have been told that it was written.
        if (sighting.kind === 'event' && !this.topics.get(topic)?.has(sighting.id)) {
          this.log(topic, sighting.id, `data: ${sighting.value}\n\n`, sighting.during);
        }
      }
    }
    return clients.flatMap((client) => this.problemsOf(client, finales.get(client.topic)!));
  }

  private problemsOf(client: ClientRecord, finale: string): string[] {
    const { name, topic, sightings } = client;
    const problems: string[] = [];
    let at: Place | undefined;
    let last: string | undefined;
    for (const [index, sighting] of sightings.entries()) {
      let problem: string | undefined;
      if (sighting.kind === 'connect') {
        if (sighting.after !== last) {
          problem = `comes back with ${sighting.after}, not ${last}`;
        }
      } else {
        const place = this.placeOf(sighting.id, sighting.during);
        problem = this.problemAt(client, at, place, sighting);
        at = place;
        last = sighting.id;
      }
      if (problem !== undefined) {
        const before = sightings
          .slice(Math.max(0, index - CONTEXT), index + 1)
          .map((each) => inspect(each, { breakLength: Infinity }));
        problems.push([`${name} of ${topic}: ${problem}`, ...before].join('\n  '));
      }
    }
    if (last !== finale) {
      const end = sightings.slice(-CONTEXT).map((each) => inspect(each, { breakLength: Infinity }));
      problems.push([`${name} of ${topic}: the last event ${finale} has not come`, ...end].join('\n  '));
    }
    return problems;
  }

  private problemAt(
    { topic, passes, isFiltered }: ClientRecord,
    at: Place | undefined,
    place: Place,
    sighting: Exclude<Sighting, { kind: 'connect' }>,
  ): string | undefined {
    if (sighting.kind === 'gap') {
      if (sighting.reason === 'invalid') {
        return 'a position that it was given is called invalid';
      }
      const isWhole = at && at.n === place.n && this.outlives(topic, at, place.era);
      return isWhole && sighting.reason !== 'reset' ? 'is told of a gap where nothing is missing' : undefined;
    }
    if (!at) {
      return sighting.kind === 'start' ? undefined : 'gets an event before it knows where it is';
    }
    if (sighting.kind === 'event') {
      const logged = this.topics.get(topic)?.get(sighting.id);
      if (logged?.value !== sighting.value) {
        return `gets another event than was published at ${sighting.id}: ${logged?.value}`;
      }
      if (!passes(sighting.value)) {
        return 'gets what its filter leaves out';
      }
    }
    if (!this.outlives(topic, at, place.era)) {
      return 'is not told that the engine has lost what it had';
    }
    const isOnward = sighting.kind === 'event' ? place.n > at.n : place.n >= at.n;
    if (!isOnward) {
      return `goes back from ${at.n} to ${place.n}`;
    }
    const end = sighting.kind === 'event' ? place.n - 1 : place.n;
    for (let n = at.n + 1; n <= end; n++) {
      const missing = this.eventAt(topic, n, place.era);
      if (missing ? missing.value !== undefined && passes(missing.value) : !isFiltered) {
        return `number ${n} is missing: ${missing ? missing.id : 'nobody knows it'}`;
      }
    }
    return undefined;
  }

  private eventAt(topic: string, n: number, era: number): LoggedEvent | undefined {
    const events = this.byNumber(topic).get(n);
    return events?.findLast((event) => event.era <= era && this.outlives(topic, event, era));
  }

  private readonly numbered = new Map<string, Map<number, LoggedEvent[]>>();

  private byNumber(topic: string): Map<number, LoggedEvent[]> {
    let numbers = this.numbered.get(topic);
    if (!numbers) {
      numbers = new Map();
      for (const event of [...(this.topics.get(topic)?.values() ?? [])].toSorted((one, other) => one.era - other.era)) {
        numbers.set(event.n, [...(numbers.get(event.n) ?? []), event]);
      }
      this.numbered.set(topic, numbers);
    }
    return numbers;
  }

  /** Whether what was here is still here in a later era. */
  private outlives(topic: string, { n, era }: Place, later: number): boolean {
    return this.ends.slice(era, Math.max(era, later)).every((survives) => n <= survives(topic));
  }
}
