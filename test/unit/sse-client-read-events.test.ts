import { getEventListeners } from 'node:events';
import { readEvents } from '../../src/testing/client/read-events';
import { scriptedServer, type ScriptedServer, type ServedRequest } from '../support/scripted-server';
import { until } from '../support/until';

let server: ScriptedServer | undefined;
let gone = 0;

const serve = async (answer: (request: ServedRequest) => void): Promise<string> => {
  gone = 0;
  server = await scriptedServer((request) => {
    request.response.on('close', () => gone++);
    answer(request);
  });
  return server.url;
};

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const THREE = 'id: 1\ndata: 1\n\nevent: b\ndata: 2\n\ndata: 3\n\n';

describe('readEvents', () => {
  it('reads a stream up to its end', async () => {
    const url = await serve(({ stream }) => stream().end(THREE));
    expect(await readEvents(url).toArray()).toEqual([
      { event: 'message', data: 1, id: '1' },
      { event: 'b', data: 2, id: '1' },
      { event: 'message', data: 3, id: '1' },
    ]);
    expect(server!.requests).toHaveLength(1);
  });

  it('reads as many events as it is told, and cuts the connection', async () => {
    const url = await serve(({ stream }) => stream().write(THREE));
    expect(await readEvents(new URL(url), { limit: 2 }).toArray()).toHaveLength(2);
    await until(() => gone === 1);
    expect(await readEvents(url, { limit: 0 }).toArray()).toEqual([]);
  });

  it('gives event by event, and cuts the connection when the loop is left', async () => {
    const url = await serve(({ stream }) => stream().write(THREE));
    for await (const { data } of readEvents(url)) {
      if (data === 2) {
        break;
      }
    }
    await until(() => gone === 1);
  });

  it('asks with a method, headers, a body and an id to resume from', async () => {
    const url = await serve(({ stream }) => stream().end());
    await readEvents(url, { method: 'POST', headers: { 'X-A': '1' }, body: { a: 1 }, lastEventId: '7' }).toArray();
    const [{ request, body }] = server!.requests as [ServedRequest];
    expect(request.headers).toMatchObject({ 'x-a': '1', 'last-event-id': '7', accept: 'text/event-stream' });
    expect([request.method, body]).toEqual(['POST', '{"a":1}']);
  });

  it('reads a response, and lets go of it', async () => {
    const url = await serve(({ stream }) => stream().write(THREE));
    const response = await fetch(url);
    expect(await readEvents(response, { limit: 3, parse: String }).toArray()).toMatchObject([
      { data: '1' },
      { data: '2' },
      { data: '3' },
    ]);
    await until(() => gone === 1);
  });

  it.each(['bytes', 'text'])('reads a body that comes in pieces of %s', async (kind) => {
    async function* body(): AsyncGenerator<Uint8Array | string> {
      for (const character of 'data: "é"\r\n\r\n') {
        yield kind === 'bytes' ? Buffer.from(character) : character;
      }
    }
    expect(await readEvents(body()).toArray()).toMatchObject([{ data: 'é' }]);
  });

  it('rejects what is no stream, and says what it is', async () => {
    const url = await serve(({ response }) =>
      response.writeHead(403, { 'content-type': 'text/plain' }).end('No entry'),
    );
    await expect(readEvents(url).toArray()).rejects.toMatchObject({ status: 403, body: 'No entry' });
    await expect(readEvents(await fetch(url)).toArray()).rejects.toThrow('No event stream: 403, text/plain: No entry');
  });

  it('gives up when no event comes in time, and cuts the connection', async () => {
    const url = await serve(({ stream }) => stream().write(`${THREE}: ping\n\n`));
    await expect(readEvents(url, { within: 60 }).toArray()).rejects.toThrow(
      'No event came within 60 ms, after 3 of them',
    );
    await until(() => gone === 1);
    await expect(readEvents(await fetch(url), { within: 60 }).toArray()).rejects.toThrow('within 60 ms');
    await until(() => gone === 2);
  });

  it('does not count the time that the test takes between two events', async () => {
    const url = await serve(({ stream }) => stream().end(THREE));
    const seen: unknown[] = [];
    for await (const { data } of readEvents(url, { within: 300 })) {
      seen.push(data);
      await new Promise((resolve) => {
        setTimeout(resolve, 350);
      });
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  it('gives up when its signal aborts, and leaves no listener', async () => {
    const url = await serve(({ stream }) => stream().write(THREE));
    const abort = new AbortController();
    const reading = readEvents(url, { signal: abort.signal });
    for (let count = 0; count < 3; count++) {
      await reading.next();
    }
    const next = reading.next();
    abort.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    await until(() => gone === 1);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
    await expect(readEvents(url, { signal: abort.signal }).toArray()).rejects.toThrow('enough');
    expect(server!.requests).toHaveLength(1);
  });

  it('fails when the connection breaks', async () => {
    const url = await serve(({ stream, response }) => {
      stream().write(THREE, () => response.socket!.resetAndDestroy());
    });
    await expect(readEvents(url).toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
