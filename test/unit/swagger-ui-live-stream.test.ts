import { END_OF_STREAM_ID } from '../../src/event/encode';
import { ERROR_EVENT as LIBRARY_ERROR_EVENT } from '../../src/event/own-events';
import { END_ID, ERROR_EVENT, LiveStream } from '../../src/swagger-ui/panel/live-stream';
import { reconnectDelay } from '../../src/swagger-ui/panel/reconnect-delay';
import { throttled } from '../../src/swagger-ui/panel/throttled';

const eventStream = (text: string): Response =>
  new Response(text, { headers: { 'Content-Type': 'text/event-stream; charset=utf-8' } });

/** Runs what waits for no timer. */
const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(0).then(() => undefined);

interface Answered {
  readonly stream: LiveStream;
  /** The headers of the requests after the first. */
  readonly requests: Record<string, string>[];
  /** Of the first request. */
  readonly signal: AbortSignal;
}

/** A stream whose first response is the first answer, with the others for its reconnects. */
async function follow(request: object, ...answers: (Response | Error)[]): Promise<Answered> {
  const requests: Record<string, string>[] = [];
  const fetch = async (_url: string, init: object): Promise<Response> => {
    requests.push((init as { headers: Record<string, string> }).headers);
    const answer = answers.shift();
    if (!(answer instanceof Response)) {
      throw answer ?? new TypeError('Failed to fetch');
    }
    return answer;
  };
  const first = answers.shift() as Response;
  const stream = new LiveStream(fetch, { url: '/x', headers: {}, ...request }, () => undefined);
  const connection = new AbortController();
  stream.start(first, connection);
  await settle();
  return { stream, requests, signal: connection.signal };
}

describe('A live stream of the panel', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it('knows the library by the same names', () => {
    expect([END_ID, ERROR_EVENT]).toEqual([END_OF_STREAM_ID, LIBRARY_ERROR_EVENT]);
  });

  it('reconnects after the time that the stream gave, not sooner, with the last id in UTF-8', async () => {
    const { stream, requests } = await follow(
      { headers: { accept: 'text/event-stream', 'last-event-id': 'old' } },
      eventStream('retry: 10000\nid: é\ndata: 1\n\n'),
      eventStream('data: 2\n\n'),
    );
    expect([stream.state, stream.note]).toEqual([
      'reconnecting',
      'The server closed the connection; trying again in 10 s.',
    ]);
    await jest.advanceTimersByTimeAsync(9_999);
    expect(requests).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(requests).toEqual([{ accept: 'text/event-stream', 'Last-Event-ID': 'Ã©' }]);
    expect(stream.log.total).toBe(2);
    stream.stop();
  });

  it('sends the request as it was where no id came', async () => {
    const { requests, stream } = await follow({ headers: { 'Last-Event-ID': 'mine' } }, eventStream('retry:0\n\n'));
    await jest.advanceTimersByTimeAsync(0);
    expect(requests).toEqual([{ 'Last-Event-ID': 'mine' }]);
    stream.stop();
  });

  it.each([
    [new Response(null, { status: 204 }), 'ended', 'The server says that there is nothing more (204 No Content).'],
    [
      new Response('{"message":"No"}', { status: 401, statusText: 'Unauthorized' }),
      'error',
      'The server answered 401 Unauthorized. {"message":"No"}',
    ],
    [new Response('x'.repeat(10_000), { status: 500 }), 'error', `The server answered 500. ${'x'.repeat(500)}…`],
    [Response.json({}), 'error', 'The server answered 200 with application/json.'],
  ])('is over when a reconnect is answered with something else (%#)', async (answer, state, note) => {
    const { stream, requests } = await follow({}, eventStream('retry: 5\ndata: 1\n\n'), answer);
    await jest.advanceTimersByTimeAsync(100_000);
    expect([stream.state, stream.note, requests.length]).toEqual([state, note, 1]);
  });

  it('waits longer after each failure, and tries on', async () => {
    const { stream, requests } = await follow({}, eventStream('retry: 5\ndata: 1\n\n'));
    await jest.advanceTimersByTimeAsync(60_000);
    const minute = requests.length;
    expect(stream.state).toBe('reconnecting');
    expect(minute).toBeGreaterThan(5);
    expect(minute).toBeLessThan(15);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(requests.length - minute).toBe(2);
    stream.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(requests.length - minute).toBe(2);
  });

  it('ends at the id of the end, and cannot be resumed', async () => {
    const { stream, requests, signal } = await follow({}, eventStream(`data: 1\n\nid: ${END_ID}\n\n`));
    await jest.advanceTimersByTimeAsync(60_000);
    stream.resume();
    expect([stream.state, stream.canResume, requests.length]).toEqual(['ended', false, 0]);
    // To break off what is over would look like a failure in the browser's list of requests.
    expect(signal.aborted).toBe(false);
  });

  it.each([
    ['end', '', ''],
    ['done', '{"rows":2}', '{"rows":2}'],
    ['message', '[DONE]', '[DONE]'],
  ])('ends at the event of the end, whatever its name: %s', async (name, data, shown) => {
    const event = name === 'message' ? '' : `event: ${name}\n`;
    const { stream, requests } = await follow(
      {},
      eventStream(`data: 1\n\n${event}id: ${END_ID}\ndata: ${data}\n\ndata: nobody's\n\n`),
    );
    await jest.advanceTimersByTimeAsync(60_000);
    expect([stream.state, stream.note, requests.length]).toEqual(['ended', 'The stream has ended.', 0]);
    // It is none of the stream's events, and nothing comes after it.
    expect([stream.log.total, stream.log.names]).toEqual([1, [['message', 1]]]);
    expect(stream.log.shown.map((one) => one.data)).toEqual(['1']);
    expect(stream.log.ended).toMatchObject({ name, data: shown });
  });

  it('closes a connection that the server leaves open after the end', async () => {
    const end = `event: end\nid: ${END_ID}\ndata:\n\n`;
    const open = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from(end)) });
    const { stream, signal } = await follow(
      {},
      new Response(open, { headers: { 'Content-Type': 'text/event-stream' } }),
    );
    expect([stream.state, signal.aborted]).toEqual(['ended', false]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect([stream.state, signal.aborted]).toEqual(['ended', true]);
  });

  it('says of a stream that ended after an error that it did', async () => {
    const error = 'event: stream-error\ndata: {}\n\n';
    const ended = await follow({}, eventStream(`${error}event: end\nid: ${END_ID}\ndata:\n\n`));
    expect([ended.stream.state, ended.stream.note]).toEqual(['ended', 'The stream has ended with an error.']);
    const { stream } = await follow({}, eventStream(`retry: 5000\ndata: 1\n\n${error}`));
    expect([stream.state, stream.note]).toEqual([
      'reconnecting',
      'The stream ended with an error; trying again in 5 s.',
    ]);
    stream.stop();
  });

  it('reads megabytes in many turns', async () => {
    jest.useRealTimers();
    const bytes = Buffer.alloc(10 * 1024 * 1024, '\n');
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(bytes);
        controller.enqueue(Buffer.from('data: last\n\n'));
      },
    });
    const notAsked = (): Promise<Response> => Promise.reject(new Error('not asked'));
    const stream = new LiveStream(notAsked, { url: '/x' }, () => undefined);
    stream.start(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }), new AbortController());
    let turns = 0;
    while (stream.log.total === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    expect(turns).toBeGreaterThan(3);
    stream.stop();
  });

  it.each(['POST', 'patch', 'DELETE'])('does not send %s again by itself', async (method) => {
    const { stream, requests } = await follow({ method }, eventStream('retry: 5\ndata: 1\n\n'));
    await jest.advanceTimersByTimeAsync(60_000);
    expect([stream.state, requests.length]).toEqual(['ended', 0]);
  });

  it.each([
    [undefined, 0, 3_000],
    [0, 0, 0],
    [100, 0, 100],
    [100, 3, 2_000],
    [5_000, 2, 5_000],
    [0, 50, 30_000],
    [Number.MAX_SAFE_INTEGER, 0, 2_147_483_647],
  ])('with retry %p waits after %i failures %i ms', (retry, failures, delay) => {
    expect(reconnectDelay(retry, failures)).toBe(delay);
  });

  it('tells of changes at most every 50 ms, and of the last one', async () => {
    let runs = 0;
    const changed = throttled(() => runs++, 50);
    for (let elapsed = 0; elapsed < 1_000; elapsed++) {
      changed();
      await jest.advanceTimersByTimeAsync(1);
    }
    expect(runs).toBeGreaterThanOrEqual(19);
    expect(runs).toBeLessThanOrEqual(21);
    await jest.advanceTimersByTimeAsync(100);
    const all = runs;
    changed();
    await jest.advanceTimersByTimeAsync(0);
    expect(runs).toBe(all + 1);
  });
});
