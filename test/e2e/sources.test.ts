import { EventEmitter, on } from 'node:events';
import { Readable } from 'node:stream';
import { Controller, NotFoundException, Param } from '@nestjs/common';
import { concat, NEVER, Observable } from 'rxjs';
import { SseConnections, SseRoute, SseSignal, type PipeEvents, type SseRouteOptions } from 'nestjs-sse-views';
import { SseRuntime } from '../../src/view/sse.runtime';
import { ADAPTERS, closeApps, startApp, type Adapter, type TestApp } from '../support/app';
import { RawClient } from '../support/raw-client';
import { parseEvents } from '../support/read-events';
import { until } from '../support/until';

afterEach(closeApps);

/** What a source gives: two events and the end; one event and an error; one event and silence; events without end. */
type Script = 'ends' | 'fails' | 'idle' | 'endless';

/** What a test sees of a source. */
interface Probe {
  /** How many events it gave. */
  given: number;
  /** Whether it was released, or came to its end by itself. */
  released: boolean;
}

interface Kind {
  readonly name: string;
  /** A generator that is synchronous cannot wait. */
  readonly scripts?: readonly Script[];
  make(script: Script, probe: Probe, signal: AbortSignal): unknown;
}

const FILLER = 'x'.repeat(1024);

/** The values of a script, up to where it waits or fails. */
function* values(script: Script, probe: Probe): Generator<string> {
  const count = { ends: 2, fails: 1, idle: 1, endless: Infinity }[script];
  for (let n = 0; n < count; n++) {
    probe.given++;
    yield script === 'endless' ? FILLER : `value ${n}`;
  }
  if (script === 'fails') {
    throw new Error('broken');
  }
}

const silence = (): Promise<never> => new Promise<never>(() => undefined);

/** Tells of `return()`, which runs no code of a generator that has not begun. */
function watched<T extends AsyncIterator<unknown> | Iterator<unknown>>(events: T, probe: Probe): T {
  const end = events.return!.bind(events) as (value?: unknown) => never;
  events.return = (value?: unknown) => {
    probe.released = true;
    return end(value);
  };
  return events;
}

async function* generator(script: Script, probe: Probe, signal?: AbortSignal) {
  try {
    yield* values(script, probe);
    if (script === 'idle') {
      await (signal
        ? new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          })
        : silence());
    }
  } finally {
    probe.released = true;
  }
}

function iterator(script: Script, probe: Probe): AsyncIterableIterator<string> {
  const events = values(script, probe);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const next = events.next();
        probe.released ||= next.done === true && script !== 'idle';
        return next.done && script === 'idle' ? await silence() : next;
      } catch (error) {
        probe.released = true;
        throw error;
      }
    },
    async return() {
      probe.released = true;
      return { done: true, value: undefined };
    },
  };
}

function readable(script: Script, probe: Probe): Readable {
  const events = values(script, probe);
  return new Readable({
    objectMode: true,
    read() {
      try {
        const { done, value } = events.next();
        if (!done) {
          this.push(value);
        } else if (script !== 'idle') {
          this.push(null);
        }
      } catch (error) {
        this.destroy(error as Error);
      }
    },
    destroy(error, done) {
      probe.released = true;
      done(error);
    },
  });
}

function webStream(script: Script, probe: Probe): ReadableStream<string> {
  const events = values(script, probe);
  return new ReadableStream<string>({
    pull(controller) {
      try {
        const { done, value } = events.next();
        if (!done) {
          controller.enqueue(value);
        } else if (script !== 'idle') {
          probe.released = true;
          controller.close();
        }
      } catch (error) {
        probe.released = true;
        throw error;
      }
    },
    cancel() {
      probe.released = true;
    },
  });
}

function observable(script: Script, probe: Probe): Observable<string> {
  return new Observable<string>((subscriber) => {
    const events = values(script, probe);
    const timer = setInterval(() => {
      try {
        const { done, value } = events.next();
        if (!done) {
          subscriber.next(value);
        } else if (script !== 'idle') {
          subscriber.complete();
        }
      } catch (error) {
        subscriber.error(error);
      }
    }, 1);
    return () => {
      clearInterval(timer);
      probe.released = true;
    };
  });
}

/** Emits what the script says, for `events.on()`. */
function emitted(script: Script, probe: Probe): AsyncIterator<unknown> {
  const emitter = new EventEmitter();
  const events = on(emitter, 'value') as AsyncIterator<unknown>;
  setImmediate(() => {
    for (const value of values(script, probe)) {
      emitter.emit('value', value);
    }
  });
  return watched(events, probe);
}

const KINDS: readonly Kind[] = [
  {
    name: 'an async generator',
    make: (script, probe, signal) => watched(generator(script, probe, signal), probe),
  },
  {
    name: 'a generator',
    scripts: ['ends', 'fails', 'endless'],
    make: (script, probe) => {
      const events = (function* () {
        try {
          yield* values(script, probe);
        } finally {
          probe.released = true;
        }
      })();
      return watched(events, probe);
    },
  },
  { name: 'an async iterator', make: iterator },
  { name: 'a Readable', make: readable },
  { name: 'the iterator of a Readable', make: (script, probe) => readable(script, probe)[Symbol.asyncIterator]() },
  {
    name: 'a Readable of a generator',
    make: (script, probe) => Readable.from(watched(generator(script, probe), probe)),
  },
  { name: 'a ReadableStream', make: webStream },
  // It pushes, and is not held back.
  { name: 'an Observable', scripts: ['ends', 'fails', 'idle'], make: observable },
  { name: 'events.on()', scripts: ['idle'], make: emitted },
];

interface Ending {
  readonly name: string;
  readonly script: Script;
  /** Whether the handler still prepares its source when it happens; the source comes afterwards. */
  readonly isEarly?: true;
  /** Whether the client reads nothing. */
  readonly isBlocked?: true;
  happen?(client: RawClient, app: TestApp): unknown;
}

const leaves = (client: RawClient): void => client.reset();
const close = (_client: RawClient, { app }: TestApp): unknown => app.get(SseConnections).close();

const ENDINGS: readonly Ending[] = [
  { name: 'it ends', script: 'ends' },
  { name: 'it fails', script: 'fails' },
  { name: 'the client leaves while it is silent', script: 'idle', happen: leaves },
  { name: 'the client leaves while it is held back', script: 'endless', isBlocked: true, happen: leaves },
  { name: 'the client leaves before it is there', script: 'idle', isEarly: true, happen: leaves },
  { name: 'SseConnections.close() while it is silent', script: 'idle', happen: close },
  { name: 'SseConnections.close() before it is there', script: 'idle', isEarly: true, happen: close },
  { name: 'shutdown while it is silent', script: 'idle', happen: (_client, app) => void app.close() },
  { name: 'shutdown before it is there', script: 'idle', isEarly: true, happen: (_client, app) => void app.close() },
];

const CASES = ENDINGS.flatMap((ending) =>
  KINDS.filter(
    ({ scripts }) => !scripts || scripts.includes(ending.script) || (ending.isEarly && scripts.length > 1),
  ).map((kind) => ({ what: `${kind.name}: ${ending.name}`, kind, ending })),
);

/** What an application holds for its streams. */
const held = ({ app }: TestApp) => ({
  connections: app.get(SseConnections).count,
  timers: app.get(SseRuntime).wheel.size,
});
const NOTHING = { connections: 0, timers: 0 };

/** Starts an application whose only stream is what `make` returns. */
function start(
  adapter: Adapter,
  make: (signal: AbortSignal, n: number) => unknown,
  sse: object = {},
  route: SseRouteOptions = {},
): Promise<TestApp> {
  @Controller()
  class Sources {
    @SseRoute('source/:n', route)
    events(@SseSignal() signal: AbortSignal, @Param('n') n: string) {
      return make(signal, Number(n)) as AsyncIterable<unknown>;
    }
  }
  return startApp(adapter, { controllers: [Sources], sse });
}

const errorsOf = ({ log }: TestApp): string[] =>
  log.filter(({ level }) => level === 'error').map(({ message }) => message);

describe.each(ADAPTERS)('a source on %s is released, whatever ends it', (adapter) => {
  it.each(CASES)('$what', async ({ kind, ending }) => {
    const probe: Probe = { given: 0, released: false };
    let isAsked = false;
    let makeIt = (): void => undefined;
    const prepared = new Promise<void>((resolve) => {
      makeIt = resolve;
    });
    let wasMade = false;
    const app = await start(adapter, async (signal) => {
      isAsked = true;
      if (ending.isEarly) {
        await prepared;
      }
      wasMade = true;
      return kind.make(ending.script, probe, signal);
    });
    const client = new RawClient(app.port, '/source/0', { paused: ending.isBlocked ?? false });
    await until(() => isAsked);
    if (ending.isBlocked) {
      let before = -1;
      await until(() => {
        const isStill = before === probe.given && before > 0;
        before = probe.given;
        return isStill;
      });
    } else if (!ending.isEarly && ending.happen) {
      await client.untilBody((body) => body.includes('value 0'));
    }
    ending.happen?.(client, app);
    if (ending.isEarly) {
      await until(() => client.ended || client.tail.endsWith('0\r\n\r\n'));
      await until(() => held(app).connections === 0);
      makeIt();
    }
    await until(() => wasMade && (probe.released || (ending.isEarly === true && kind.name === 'an Observable')));
    await until(() => held(app).connections === 0);
    expect(held(app)).toEqual(NOTHING);
    const last = { ends: '~end', fails: 'stream-error' }[ending.script as string];
    const body = last === undefined ? '' : await client.untilBody((text) => text.includes(last));
    const data = parseEvents(body).map((event) => event.data);
    expect(data.slice(0, ending.script === 'ends' ? 2 : 0)).toEqual(
      ending.script === 'ends' ? ['"value 0"', '"value 1"'] : [],
    );
    expect(errorsOf(app).map((message) => /broken/.test(message))).toEqual(ending.script === 'fails' ? [true] : []);
    await app.close();
  });

  it.each(['a Readable', 'a ReadableStream'])(
    '%s that is silent: of 20 clients that leave, and of 20 at shutdown',
    async (name) => {
      const kind = KINDS.find((one) => one.name === name)!;
      const probes: Probe[] = [];
      const app = await start(adapter, (signal, n) =>
        kind.make('idle', (probes[n] = { given: 0, released: false }), signal),
      );
      const clients = Array.from({ length: 40 }, (_, n) => new RawClient(app.port, `/source/${n}`));
      await Promise.all(clients.map((client) => client.untilBody((body) => body.includes('value 0'))));
      clients.slice(0, 20).forEach((client) => client.leave());
      await until(() => held(app).connections === 20);
      expect(probes.map(({ released }) => released)).toEqual(probes.map((_, n) => n < 20));
      await app.close();
      expect(probes.every(({ released }) => released)).toBe(true);
    },
  );

  /** What `pipe` may do instead of subscribing to what it gets, and whether the stream lasts. */
  const PIPES: readonly { what: string; pipe: unknown; isOpen: boolean }[] = [
    {
      what: 'throws',
      pipe: () => {
        throw new Error('no way to pipe');
      },
      isOpen: false,
    },
    { what: 'returns no Observable', pipe: () => undefined, isOpen: false },
    {
      what: 'has not subscribed to it when the client leaves',
      pipe: ((events$) => concat(NEVER, events$)) satisfies PipeEvents,
      isOpen: true,
    },
  ];

  it.each(PIPES)('a Readable whose route has a pipe that $what', async ({ pipe, isOpen }) => {
    const probe: Probe = { given: 0, released: false };
    let source: Readable | undefined;
    const app = await start(adapter, () => (source = readable('idle', probe)), {}, { pipe: pipe as PipeEvents });
    const client = new RawClient(app.port, '/source/0');
    await until(() => client.head !== '');
    expect(client.status).toBe(isOpen ? 200 : 500);
    expect(held(app).connections).toBe(isOpen ? 1 : 0);
    client.leave();
    await until(
      () => source!.destroyed,
      5_000,
      () => 'the Readable is not destroyed',
    );
    await until(() => held(app).connections === 0);
    expect(held(app)).toEqual(NOTHING);
    expect([probe.given, probe.released]).toEqual([0, true]);
  });

  it('the body of a response of fetch() that is silent', async () => {
    let upstreamLeft = false;
    const upstream = await start(adapter, (signal) => {
      signal.addEventListener('abort', () => {
        upstreamLeft = true;
      });
      return generator('idle', { given: 0, released: false }, signal);
    });
    const app = await start(adapter, async () => {
      const { body } = await fetch(`${upstream.url}/source/0`);
      return body!.pipeThrough(new TextDecoderStream() as never);
    });
    const client = new RawClient(app.port, '/source/0');
    await client.untilBody((body) => body.includes('value 0'));
    client.leave();
    await until(() => upstreamLeft);
    await until(() => held(app).connections === 0);
  });
});

describe.each(ADAPTERS)('what a source throws after the end, on %s', (adapter) => {
  /** Sources that fail when they are released, and what the log says of it. */
  const FAILURES: readonly { what: string; make: (signal: AbortSignal) => unknown; logs: RegExp | undefined }[] = [
    {
      what: 'a finally that throws',
      logs: /no way to clean up/,
      async *make(signal) {
        try {
          yield 'first';
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          yield 'never';
        } finally {
          // oxlint-disable-next-line no-unsafe-finally
          throw new Error('no way to clean up');
        }
      },
    },
    {
      what: 'a return() that throws',
      logs: /no way to return/,
      make: () => ({
        [Symbol.asyncIterator]: () => {
          let n = 0;
          return {
            next: () => (n++ === 0 ? Promise.resolve({ done: false, value: 'first' }) : silence()),
            return: () => {
              throw new Error('no way to return');
            },
          };
        },
      }),
    },
    {
      what: 'a return() that rejects',
      logs: /no way to return/,
      make: () => ({
        [Symbol.asyncIterator]: () => {
          let n = 0;
          return {
            next: () => (n++ === 0 ? Promise.resolve({ done: false, value: 'first' }) : silence()),
            return: () => Promise.reject(new Error('no way to return')),
          };
        },
      }),
    },
    {
      what: 'a return() that never settles',
      logs: undefined,
      make: () => ({
        [Symbol.asyncIterator]: () => {
          let n = 0;
          return {
            next: () => (n++ === 0 ? Promise.resolve({ done: false, value: 'first' }) : silence()),
            return: silence,
          };
        },
      }),
    },
    {
      what: 'the reason of its own signal',
      logs: undefined,
      make: (signal) => generator('idle', { given: 0, released: false }, signal),
    },
    {
      what: 'an error of a client library that says that it was aborted',
      logs: undefined,
      async *make(signal) {
        yield 'value 0 first';
        await new Promise((_resolve, reject) => {
          class APIUserAbortError extends Error {}
          signal.addEventListener('abort', () => reject(new APIUserAbortError('Request was aborted.')));
        });
      },
    },
    {
      what: 'another error in its wait',
      logs: /the database is away/,
      async *make(signal) {
        yield 'first';
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('the database is away')));
        });
      },
    },
    {
      what: 'a Readable that cannot be destroyed',
      logs: /no way to close the file/,
      make: () =>
        new Readable({
          objectMode: true,
          read() {
            if (this.readableDidRead || this.readableLength > 0) {
              return;
            }
            this.push('first');
          },
          destroy: (_error, done) => done(new Error('no way to close the file')),
        }),
    },
    {
      what: 'a ReadableStream whose cancel() rejects',
      logs: /no way to cancel/,
      make: () =>
        new ReadableStream({
          start: (controller) => controller.enqueue('first'),
          cancel: () => Promise.reject(new Error('no way to cancel')),
        }),
    },
    {
      what: 'the teardown of an Observable',
      logs: /no way to stop/,
      make: () =>
        new Observable((subscriber) => {
          subscriber.next('first');
          return () => {
            throw new Error('no way to stop');
          };
        }),
    },
  ];

  it.each(FAILURES)('is logged once, unless it says only that it was aborted: $what', async ({ make, logs }) => {
    for (const ends of [
      (client: RawClient) => client.leave(),
      (_client: RawClient, { app }: TestApp) => app.get(SseConnections).close(),
      (_client: RawClient, { app }: TestApp) => void app.close(),
    ]) {
      const app = await start(adapter, make);
      const client = new RawClient(app.port, '/source/0');
      await client.untilBody((body) => body.includes('first') || body.includes('value 0'));
      ends(client, app);
      await until(() => held(app).connections === 0);
      if (logs) {
        await until(() => errorsOf(app).length > 0);
      }
      await new Promise((resolve) => setImmediate(resolve));
      expect(errorsOf(app).map((message) => logs?.exec(message)?.[0] ?? message)).toEqual(logs ? [logs.source] : []);
      await app.close();
    }
  });

  it('is logged when a handler rejects after its client left, unless that is an answer or an abort', async () => {
    const errors = [new Error('the database is away'), new NotFoundException(), new DOMException('', 'AbortError')];
    let rejected = 0;
    const app = await start(adapter, async (signal, n) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      rejected++;
      throw errors[n];
    });
    for (const n of errors.keys()) {
      const client = new RawClient(app.port, `/source/${n}`);
      await until(() => held(app).connections === 1);
      client.leave();
      await until(() => rejected === n + 1 && held(app).connections === 0);
    }
    await until(() => errorsOf(app).length > 0);
    expect(errorsOf(app)).toEqual([expect.stringMatching('the database is away')]);
  });

  it('lets a generator that closes its own stream come to its finally', async () => {
    const finished: string[] = [];
    const app: TestApp = await start(adapter, (_signal, n) => {
      const closing = function* () {
        try {
          yield 'first';
          app.app.get(SseConnections).close();
          yield 'second';
        } finally {
          finished.push('sync');
        }
      };
      const closingAsync = async function* () {
        try {
          yield 'first';
          app.app.get(SseConnections).close();
          yield 'second';
        } finally {
          finished.push('async');
        }
      };
      return n === 0 ? closing() : closingAsync();
    });
    for (const n of [0, 1]) {
      const client = new RawClient(app.port, `/source/${n}`);
      await until(() => client.tail.endsWith('0\r\n\r\n'));
      expect(client.body).toContain('first');
      expect(client.body).not.toContain('second');
    }
    await until(() => finished.length === 2);
    expect(finished).toEqual(['sync', 'async']);
    expect(errorsOf(app)).toEqual([]);
  });
});

describe.each(ADAPTERS)('bytes that a handler returns, on %s', (adapter) => {
  it.each([
    ['Buffer', () => Buffer.from('abc')],
    ['Uint8Array', () => new Uint8Array([1, 2])],
    ['Float64Array', () => new Float64Array([1, 2])],
    ['DataView', () => new DataView(new ArrayBuffer(2))],
  ])('are refused by name, and no event for each byte: %s', async (name, make) => {
    for (const returned of [make, () => Promise.resolve(make())]) {
      const app = await start(adapter, returned);
      const response = await fetch(`${app.url}/source/0`);
      expect([response.status, await response.json()]).toEqual([500, expect.objectContaining({ statusCode: 500 })]);
      expect(errorsOf(app)).toEqual([expect.stringContaining(`Sources.events returned bytes (${name})`)]);
    }
  });
});
