import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ADAPTERS } from '../support/app';
import { classOf, CLOSES, HOOK_CASES, pathOf } from '../support/hooks-process';
import { RawClient } from '../support/raw-client';
import { parseEvents } from '../support/read-events';
import { until } from '../support/until';

const PROGRAM = join(__dirname, '../support/hooks-process.ts');

const CASES = HOOK_CASES.map((one, n) => ({ ...one, n, title: `${one.hook} ${one.what}` }));

/** The application runs in a process of its own: an exception that reaches the process ends it, as in production. */
describe.each(ADAPTERS)('a hook that misbehaves costs its own stream and nothing else, on %s', (adapter) => {
  let child: ChildProcess;
  let port: number;
  /** A client that must get each event. */
  let healthy: RawClient;
  let published = 0;
  let stderr = '';

  beforeAll(async () => {
    child = fork(PROGRAM, [adapter], {
      execArgv: ['--require', join(__dirname, '../support/run-typescript.js')],
      silent: true,
    });
    child.stderr!.on('data', (chunk) => {
      stderr += String(chunk);
    });
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [number];
    port = message;
    healthy = new RawClient(port, '/news');
    await healthy.untilBody((body) => body.includes('event: start'));
  }, 30_000);

  afterAll(() => {
    healthy?.leave();
    child.kill();
  });

  const post = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST' });

  /** Publishes an event to all. The process must live to do so. */
  const publish = async (): Promise<void> => {
    expect(stderr).toBe('');
    expect((await post(`/publish?n=${published++}`)).status).toBe(201);
  };

  const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

  const log = async (word: string): Promise<string[]> =>
    JSON.parse(await get(`/log?of=${encodeURIComponent(word)}`)) as string[];

  /** What the log says of a case. */
  const linesOf = (n: number): Promise<string[]> => log(`${classOf(n)}.`);

  const received = (): unknown[] =>
    parseEvents(healthy.body)
      .filter(({ event }) => event === undefined)
      .map(({ data }) => (JSON.parse(data) as { n: number }).n);

  it.each(CASES)('$title', async ({ n, status = 200, body, leaves, logs }) => {
    const client = new RawClient(port, pathOf(n), { headers: { Accept: 'text/event-stream, application/json' } });
    if (leaves === 'waiting') {
      await until(async () => (await get('/waiting')) === '1');
      client.reset();
      await until(async () => (await get('/waiting')) === '0');
    } else if (leaves) {
      await client.untilBody((text) => text.includes('"n":0'));
      client.reset();
    } else if (status === 200 && body?.source === 'event: stream-error') {
      // A channel's client gets its first event now.
      await client.untilBody((text) => text.includes('event: start') || text.includes('stream-error'));
      await publish();
      await client.untilBody((text) => body.test(text));
    } else {
      await until(() => client.head !== '' || client.ended);
      await until(() => client.ended || client.tail.endsWith('0\r\n\r\n') || status !== 200);
    }
    // A connection that is cut before its headers has no status.
    const isAnswered = !leaves && client.head !== '';
    expect(isAnswered ? client.status : status).toBe(status);
    expect(isAnswered ? client.body : '').toMatch(isAnswered ? (body ?? /./) : '');
    client.leave();
    await publish();
    await until(async () => (await get('/count')) === '1' && (await get('/subscribers')) === '1');
    await until(() => received().length === published);
    expect(received()).toEqual(Array.from({ length: published }, (_, i) => i));
    if (logs) {
      await until(async () => (await linesOf(n)).length >= logs.length);
    }
    expect(logs && (await linesOf(n))).toEqual(logs?.map((line) => expect.stringMatching(line) as unknown));
    expect(child.exitCode).toBeNull();
    expect(stderr).toBe('');
  });

  it.each(Object.entries(CLOSES))('SseConnections.close() with %s ends no stream', async (how, { logs }) => {
    const before = (await log('ExceptionsHandler')).length;
    expect((await post(`/close/${encodeURIComponent(how)}`)).status).toBe(500);
    expect((await log('ExceptionsHandler')).slice(before)).toEqual([expect.stringMatching(logs)]);
    await publish();
    await until(() => received().length === published);
    expect(healthy.ended).toBe(false);
    expect(child.exitCode).toBeNull();
  });

  it('connection.close() with an unknown word does not end the stream', async () => {
    expect((await post('/close-one')).status).toBe(500);
    expect((await log('ExceptionsHandler')).at(-1)).toMatch(
      /SseConnection\.close\(\): onEnd must be 'stop', .*, not "stopp"/,
    );
    await publish();
    await until(() => received().length === published);
    expect(healthy.ended).toBe(false);
  });
});
