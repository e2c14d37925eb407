import { Controller } from '@nestjs/common';
import { connect } from 'node:http2';
import type { Server } from 'node:http';
import { Observable } from 'rxjs';
import { ServerSentEventsView, SseConnections, SseRoute, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { RawClient } from '../support/raw-client';
import { aborted, until } from '../support/until';

afterEach(closeApps);

@Controller('view')
class View extends ServerSentEventsView<string> {
  async *events() {
    yield 'only';
  }
}

describe.each(ADAPTERS)('the response of a stream on %s', (adapter) => {
  describe('leaves it to Node whether the connection stays open', () => {
    const read = async (port: number, options?: ConstructorParameters<typeof RawClient>[2]): Promise<RawClient> => {
      const client = new RawClient(port, '/view', options);
      await until(() => client.ended || client.tail.endsWith('0\r\n\r\n'));
      expect(client.body).toContain('data: "only"');
      return client;
    };

    it('which it does by default', async () => {
      const app = await startApp(adapter, { controllers: [View] });
      const client = await read(app.port);
      expect([client.header('Connection'), client.ended]).toEqual([['keep-alive'], false]);
    });

    it('not after the last request of maxRequestsPerSocket', async () => {
      const app = await startApp(adapter, {
        controllers: [View],
        prepare: (nest) => {
          (nest.getHttpServer() as Server).maxRequestsPerSocket = 1;
        },
      });
      // Node says so, and leaves it to the client.
      const client = await read(app.port);
      expect(client.header('Connection')).toEqual(['close']);
      client.leave();
      // A client that was promised an open connection gets 503 on it, after which an EventSource does not return.
      for (let round = 0; round < 3; round++) {
        const response = await fetch(`${app.url}/view`, { headers: { Accept: 'text/event-stream' } });
        expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"only"')]);
      }
    });

    it('not for a client that asks for its end', async () => {
      const app = await startApp(adapter, { controllers: [View] });
      const client = await read(app.port, { headers: { Connection: 'close' } });
      expect(client.header('Connection')).toEqual(['close']);
      await until(() => client.ended);
    });

    it('not over HTTP/1.0', async () => {
      const app = await startApp(adapter, { controllers: [View] });
      const client = await read(app.port, { version: '1.0' });
      expect(client.header('Connection')).toEqual(['close']);
      expect(client.header('Transfer-Encoding')).toEqual([]);
      await until(() => client.ended);
    });

    it('not where a middleware wants its end', async () => {
      const app = await startApp(adapter, {
        controllers: [View],
        prepare: (nest) =>
          nest.use(
            (_request: unknown, response: { setHeader(name: string, value: string): void }, next: () => void) => {
              response.setHeader('Connection', 'close');
              next();
            },
          ),
      });
      const client = await read(app.port);
      expect(client.header('Connection')).toEqual(['close']);
      await until(() => client.ended);
    });
  });

  it('begins with a comment where there is no event yet, because a browser waits for the first byte of the body', async () => {
    @Controller('silent')
    class Silent extends ServerSentEventsView<string> {
      async *events(@SseSignal() signal: AbortSignal) {
        await aborted(signal);
        yield 'never';
      }

      @SseRoute('retry', { retry: 5_000 })
      retry2() {
        return new Observable<string>();
      }

      @SseRoute('event')
      async *event(@SseSignal() signal: AbortSignal) {
        yield 'at once';
        await aborted(signal);
      }
    }
    const app = await startApp(adapter, { controllers: [Silent], sse: { openAfter: 20, heartbeat: false } });
    const clients = ['', '/retry', '/event'].map((path) => new RawClient(app.port, `/silent${path}`));
    const head = new RawClient(app.port, '/silent', { method: 'HEAD' });
    await until(() => clients.every(({ body }) => body !== '') && head.head !== '');
    expect(clients[0]!.body).toBe(':\n\n');
    // These have something to send with their headers, and nothing is added.
    expect(clients[1]!.body).toBe('retry: 5000\n\n');
    expect(clients[2]!.body).toMatch(/^(id: .*\n)?data: "at once"\n(id: .*\n)?\n$/);
    expect(head.received.slice(head.head.length + 4)).toBe('');
    [...clients, head].forEach((client) => client.leave());
  });

  it('that has ended is given up after overflow.timeout, however little of it a client leaves unread', async () => {
    @Controller('ended')
    class Ended extends ServerSentEventsView<string> {
      async *events() {
        yield 'x'.repeat(1_000);
      }
    }
    const app = await startApp(adapter, {
      controllers: [Ended],
      sse: { overflow: { timeout: 100 }, heartbeat: false },
      prepare: (nest) => {
        (nest.getHttpServer() as Server).on('connection', (socket) => {
          // As if the client’s window were full: nothing leaves.
          Object.assign(socket, { _write: () => undefined, _writev: undefined });
        });
      },
    });
    const client = new RawClient(app.port, '/ended');
    const connections = app.app.get(SseConnections);
    await until(() => connections.counts.opened === 1);
    await until(() => connections.count === 0);
    expect(connections.counts.overflowed).toBe(1);
    expect(
      app.log
        .filter(({ level }) => level === 'warn')
        .map(({ message }) => message)
        .join(),
    ).toMatch(/Ended\.events: closed a connection, the client has not read for \d+ ms \(overflow\.timeout 100\)/);
    await until(() => client.ended);
  });
});

describe('the response of a stream over HTTP/2, on Fastify', () => {
  it('has no header of the connection, whoever sets it', async () => {
    const app = await startApp('fastify', {
      controllers: [View],
      sse: { headers: { Connection: 'keep-alive' } },
      fastify: { http2: true },
    });
    const session = connect(app.url);
    const stream = session.request({ ':path': '/view' });
    let headers: Record<string, unknown> = {};
    stream.on('response', (given) => {
      headers = given;
    });
    stream.resume();
    await until(() => stream.closed);
    expect(headers).toMatchObject({ ':status': 200, 'content-type': 'text/event-stream' });
    expect(headers).not.toHaveProperty('connection');
    session.close();
  });
});
