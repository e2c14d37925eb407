import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type {
  Backplane,
  BackplanePublishOptions,
  BackplaneSubscribeOptions,
  Delivery,
  GapReason,
  HistoryBounds,
  Published,
} from '../../src/channel/backplane';
import { DEFAULT_HISTORY } from '../../src/channel/backplane';
import { SseClosedError, SseOutcomeUnknownError, SseUnavailableError } from '../../src/channel/backplane.error';
import type { BackplaneFactory } from '../../src/testing/backplane/backplane-factory';

interface Entry {
  readonly n: number;
  readonly life: number;
  readonly payload: string;
  readonly at: number;
}

interface Topic {
  entries: Entry[];
  /** Of all payloads. */
  bytes: number;
  /** The entry trimmed last. */
  floor: number;
  tip: { n: number; life: number };
  keys: Record<string, string>;
  history: HistoryBounds;
}

/** A life of the engine's data, and up to where, in each topic, what it wrote still counts. */
interface Life {
  readonly id: number;
  end: (topic: string) => number;
}

const ENDLESS = (): number => Infinity;

const HEARTBEAT = 100;
const CAPABILITIES = { survives: 'engine-restart', dedupeWindow: 60_000, exactGaps: true } as const;

let lives = 0;

/**
 * An engine in memory that several instances share and that can be broken in every way that the conformance suite knows. It
 * shows that the suite's tests can be passed and failed; about a real engine it shows nothing.
 */
export class SimulatedEngine {
  isUp = true;
  topics = new Map<string, Topic>();
  readonly listeners = new Set<(topic: string, entry: Entry) => void>();
  private history: Life[] = [{ id: ++lives, end: ENDLESS }];
  private waiting = new Set<() => void>();

  get life(): number {
    return this.history.at(-1)!.id;
  }

  /** What there is of a topic now; nothing is kept of one that nobody has published to. */
  topic(name: string): Topic {
    const topic = this.topics.get(name) ?? {
      entries: [],
      bytes: 0,
      floor: 0,
      tip: { n: 0, life: this.life },
      keys: {},
      history: DEFAULT_HISTORY,
    };
    this.trim(topic);
    return topic;
  }

  append(name: string, entry: Entry, history: HistoryBounds): Topic {
    const topic = this.topic(name);
    this.topics.set(name, topic);
    topic.history = history;
    topic.tip = { n: entry.n, life: entry.life };
    topic.entries.push(entry);
    topic.bytes += Buffer.byteLength(entry.payload);
    this.trim(topic);
    for (const listen of this.listeners) {
      listen(name, entry);
    }
    this.changed();
    return topic;
  }

  private trim(topic: Topic): void {
    const { maxEvents, maxBytes, maxAge } = topic.history;
    const isOld = (): boolean => topic.entries.length > 0 && performance.now() - topic.entries[0]!.at >= maxAge;
    while (topic.entries.length > maxEvents || topic.bytes > maxBytes || isOld()) {
      const { n, payload } = topic.entries.shift()!;
      topic.floor = n;
      topic.bytes -= Buffer.byteLength(payload);
    }
  }

  /** Whether this position is behind the beginning, of another life, or of none. */
  judge(name: string, topic: Topic, { n, life }: { n: number; life: number }): GapReason | undefined {
    const from = this.history.findIndex(({ id }) => id === life);
    if (from < 0 || this.history.slice(from).some(({ end }) => n > end(name))) {
      return 'reset';
    }
    return n > topic.tip.n ? 'invalid' : n < topic.floor ? 'trimmed' : undefined;
  }

  changed(): void {
    for (const wake of this.waiting) {
      wake();
    }
  }

  /** Waits for a change, or for a signal. */
  change(...signals: AbortSignal[]): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        signals.forEach((signal) => signal.removeEventListener('abort', wake));
        resolve();
      };
      this.waiting.add(wake);
      signals.forEach((signal) => signal.addEventListener('abort', wake));
      if (signals.some(({ aborted }) => aborted)) {
        wake();
      }
    });
  }

  wipe(): void {
    this.topics.clear();
    this.history = [{ id: ++lives, end: ENDLESS }];
    this.changed();
  }

  checkpoint(): () => Promise<void> {
    const topics = structuredClone(this.topics);
    const ends = new Map(Array.from(topics, ([name, { tip }]) => [name, tip.n]));
    return async () => {
      this.topics = topics;
      this.history.at(-1)!.end = (name) => ends.get(name) ?? 0;
      this.history.push({ id: ++lives, end: ENDLESS });
      this.changed();
    };
  }
}

/** One instance on a simulated engine. */
export class SimulatedBackplane implements Backplane {
  readonly capabilities = CAPABILITIES;
  losesReply = false;
  isCut = false;
  isHalfOpen = false;
  private readonly closing = new AbortController();

  constructor(private readonly engine: SimulatedEngine) {
    setMaxListeners(0, this.closing.signal);
  }

  async start(): Promise<void> {}

  async publish(name: string, payload: string, { key, history }: BackplanePublishOptions = {}): Promise<Published> {
    if (this.closing.signal.aborted) {
      throw new SseClosedError();
    }
    await undefined;
    while (this.isHalfOpen && !this.closing.signal.aborted) {
      await this.engine.change(this.closing.signal);
    }
    if (this.closing.signal.aborted) {
      throw new SseClosedError();
    }
    if (!this.engine.isUp || this.isCut) {
      throw new SseUnavailableError('away');
    }
    const published = this.write(name, payload, key, history);
    if (this.losesReply) {
      this.losesReply = false;
      throw new SseOutcomeUnknownError('no reply');
    }
    return published;
  }

  subscribe(name: string, options: BackplaneSubscribeOptions): AsyncIterable<Delivery> {
    if (this.closing.signal.aborted) {
      throw new SseClosedError();
    }
    return this.deliveries(name, options);
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  private write(name: string, payload: string, key: string | undefined, history = DEFAULT_HISTORY): Published {
    const topic = this.engine.topic(name);
    if (key !== undefined && topic.keys[`key ${key}`] !== undefined) {
      return { position: topic.keys[`key ${key}`]!, duplicate: true };
    }
    const entry = { n: topic.tip.n + 1, life: this.engine.life, payload, at: performance.now() };
    const written = this.engine.append(name, entry, history);
    const position = positionOf(name, entry);
    if (key !== undefined) {
      written.keys[`key ${key}`] = position;
    }
    return { position, duplicate: false };
  }

  private async *deliveries(
    name: string,
    { after, from, maxBuffered, signal }: BackplaneSubscribeOptions,
  ): AsyncGenerator<Delivery, undefined> {
    const { engine } = this;
    const queue: Entry[] = [];
    const listen = (topic: string, entry: Entry): void => {
      if (topic === name && !this.isAway) {
        queue.push(entry);
        if (queue.length > maxBuffered) {
          queue.length = 0;
        }
      }
    };
    engine.listeners.add(listen);
    try {
      const first = engine.topic(name);
      const [, tag, life, n] = /^(\w{8})-L(\d{1,9})\.(0|[1-9]\d{0,9})$/.exec(after ?? '') ?? [];
      let cursor = from === 'oldest' ? { n: first.floor, life: first.tip.life } : first.tip;
      let reason: GapReason | undefined = after !== undefined && tag !== tagOf(name) ? 'invalid' : undefined;
      if (tag === tagOf(name)) {
        cursor = { n: Number(n), life: Number(life) };
      }
      let behind: GapReason = after === undefined ? 'overflow' : 'trimmed';
      let isStale = false;
      const isOver = (): boolean => signal.aborted || this.closing.signal.aborted;
      if (isOver()) {
        return;
      }
      yield { kind: 'start', position: after !== undefined && !reason ? after : positionOf(name, cursor) };
      while (!isOver()) {
        if (this.isAway !== isStale) {
          isStale = this.isAway;
          yield { kind: 'status', state: isStale ? 'stale' : 'live' };
          continue;
        }
        const topic = engine.topic(name);
        while (queue[0] && (queue[0].n <= cursor.n || queue[0].life !== engine.life)) {
          queue.shift();
        }
        const isNext = queue[0]?.n === cursor.n + 1 && engine.judge(name, topic, cursor) !== 'reset';
        const entry = isNext ? queue.shift() : topic.entries[Math.max(0, cursor.n - topic.floor)];
        const gap = isStale || isNext ? reason : (reason ?? engine.judge(name, topic, cursor));
        if (gap) {
          reason = undefined;
          cursor = gap === 'invalid' ? topic.tip : { n: topic.floor, life: engine.life };
          const position = positionOf(name, cursor);
          yield { kind: 'gap', reason: gap === 'trimmed' ? behind : gap, ...known(after), position };
        } else if (entry && !isStale) {
          cursor = entry;
          yield { kind: 'event', position: positionOf(name, entry), payload: entry.payload };
        } else {
          await engine.change(signal, this.closing.signal);
        }
        behind = 'overflow';
        after = undefined;
      }
    } finally {
      engine.listeners.delete(listen);
    }
  }

  private get isAway(): boolean {
    return !this.engine.isUp || this.isCut || this.isHalfOpen;
  }
}

/** What the suite tests on a simulated engine. */
export function simulatedFactory(engine = new SimulatedEngine()): BackplaneFactory {
  const create = async (): Promise<SimulatedBackplane> => new SimulatedBackplane(engine);
  const cut = async (instance: Backplane, isCut: boolean): Promise<void> => {
    (instance as SimulatedBackplane).isCut = isCut;
    engine.changed();
  };
  const power = async (isUp: boolean): Promise<void> => {
    engine.isUp = isUp;
    engine.changed();
  };
  return {
    capabilities: CAPABILITIES,
    create,
    another: create,
    unrelated: async () => new SimulatedBackplane(new SimulatedEngine()),
    spawn: async () => {
      const instance = await create();
      const killed = new AbortController();
      return {
        publish: async (topic, payload, options) => {
          for (let hops = payload.length % 7; hops > 0; hops--) {
            await new Promise((resolve) => {
              setImmediate(resolve);
            });
            killed.signal.throwIfAborted();
          }
          const published = await instance.publish(topic, payload, options);
          killed.signal.throwIfAborted();
          return published;
        },
        kill: async () => {
          killed.abort();
          await instance.close();
        },
      };
    },
    faults: {
      dropReply: async (instance) => {
        (instance as SimulatedBackplane).losesReply = true;
      },
      kill: async () => {
        await power(false);
        return () => power(true);
      },
      wipe: async () => engine.wipe(),
      checkpoint: async () => engine.checkpoint(),
      halfOpen: async (instance) => {
        const simulated = instance as SimulatedBackplane;
        simulated.isHalfOpen = true;
        setTimeout(() => {
          simulated.isHalfOpen = false;
          engine.changed();
        }, HEARTBEAT);
      },
      isolate: async (instance) => {
        await cut(instance, true);
        return () => cut(instance, false);
      },
    },
  };
}

function tagOf(topic: string): string {
  return createHash('sha256').update(topic).digest('hex').slice(0, 8);
}

export function positionOf(topic: string, { n, life }: { n: number; life: number }): string {
  return `${tagOf(topic)}-L${life}.${n}`;
}

function known(after: string | undefined): { from?: string } {
  return after !== undefined && /^[\w.~-]{1,96}$/.test(after) ? { from: after } : {};
}
