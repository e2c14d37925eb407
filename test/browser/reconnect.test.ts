import { Controller } from '@nestjs/common';
import { ChannelView, getChannelToken, type SseChannel, SseConnections, SseModule } from 'nestjs-sse-views';
import { ADAPTERS, closeApps } from '../support/app';
import { describeWithEngines } from '../support/engines/describe-with-engines';
import { HttpProxy } from '../support/http-proxy';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';
import { CountingController } from './support/counting';
import { CLOSED, CONNECTING, FollowedStream } from './support/followed-stream';
import { ServerProcess } from './support/server-process';
import { startStreamApp } from './support/stream-app';

jest.setTimeout(60_000);

describeWithEngines('An EventSource', (engine) => {
  const opened: { close(): Promise<void> }[] = [];
  const closeLater = <T extends { close(): Promise<void> }>(thing: T): T => {
    opened.push(thing);
    return thing;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((thing) => thing.close()));
    await closeApps();
  });

  /** Waits until this many numbers have come. @returns the last. */
  const untilCounted = async (stream: FollowedStream, count: number): Promise<number> => {
    await until(async () => (await stream.messages()).length >= count, 20_000);
    return (await stream.messages<number>()).at(-1)!;
  };

  /** Waits until the stream is open again and brings more. @returns all numbers that came. */
  const numbersAfterReconnect = async (stream: FollowedStream): Promise<number[]> => {
    const seen = (await stream.messages()).length;
    await stream.untilOpened(2);
    await untilCounted(stream, seen + 5);
    return stream.messages<number>();
  };

  it('resumes after its last id when the network resets the connection', async () => {
    const app = await startStreamApp('express', CountingController);
    const stream = await app.follow(engine);
    const seen = await untilCounted(stream, 3);
    app.cutConnections();
    const numbers = await numbersAfterReconnect(stream);
    expect(numbers).toEqual(upTo(numbers.length));
    const [, again, ...more] = app.requests.answered();
    expect(Number(again!.lastEventId)).toBeGreaterThanOrEqual(seen);
    expect(more).toEqual([]);
  });

  it('resumes after its last id when the server closes the stream', async () => {
    const app = await startStreamApp('express', CountingController);
    const stream = await app.follow(engine);
    await untilCounted(stream, 3);
    app.app.get(SseConnections).close(() => true);
    const numbers = await numbersAfterReconnect(stream);
    expect(numbers).toEqual(upTo(numbers.length));
  });

  it('resumes on a new process after its server was killed', async () => {
    const killed = await ServerProcess.start();
    closeLater({ close: () => killed.kill() });
    const stream = await FollowedStream.open(engine, `http://127.0.0.1:${killed.port}/page`, '/stream');
    await untilCounted(stream, 3);
    await killed.kill();
    // Nobody listens: it is refused, and goes on trying.
    await stream.untilFailed(2);
    expect(await stream.readyState()).toBe(CONNECTING);
    const successor = await ServerProcess.start(killed.port);
    closeLater({ close: () => successor.kill() });
    const numbers = await numbersAfterReconnect(stream);
    expect(numbers).toEqual(upTo(numbers.length));
  });

  it.each(ADAPTERS)('resumes on the same port after a graceful shutdown of an application on %s', async (adapter) => {
    const app = await startStreamApp(adapter, CountingController);
    const stream = await app.follow(engine);
    await untilCounted(stream, 3);
    await app.close();
    await stream.untilReconnecting();
    const seen = (await stream.messages()).length;
    const successor = await startStreamApp(adapter, CountingController, { port: app.port });
    const numbers = await numbersAfterReconnect(stream);
    expect(numbers).toEqual(upTo(numbers.length));
    expect(successor.requests.answered().map(({ lastEventId }) => lastEventId)).toEqual([String(seen)]);
  });

  it('gives up for good when a proxy answers 502, as the specification says', async () => {
    const app = await startStreamApp('express', CountingController);
    const proxy = closeLater(await HttpProxy.start({ target: app.port }));
    const stream = await FollowedStream.open(engine, `${proxy.url}/page`, '/stream');
    await untilCounted(stream, 3);
    await app.close();
    await stream.untilClosed();
    const errors = (await stream.dispatched()).filter(({ type }) => type === 'error');
    expect(errors.map(({ readyState }) => readyState)).toEqual([CONNECTING, CLOSED]);
  });

  it('is sent a gap when the history of a channel no longer has what it missed', async () => {
    @Controller('stream')
    class News extends ChannelView<number> {
      static readonly channel = 'news';
    }
    const app = await startStreamApp('express', News, {
      imports: [SseModule.forFeature([{ name: 'news', history: { maxEvents: 3 } }])],
      sse: { retry: 50 },
    });
    const channel = app.app.get<SseChannel<number>>(getChannelToken('news'), { strict: false });
    const proxy = closeLater(await TcpProxy.start({ target: app.port }));
    const stream = await FollowedStream.open(engine, `http://127.0.0.1:${proxy.port}/page`, '/stream', {
      names: ['gap', 'start'],
    });
    await stream.untilOpened(1);
    await channel.publish(0);
    await untilCounted(stream, 1);
    proxy.isolate();
    await stream.untilReconnecting();
    for (let n = 1; n <= 10; n++) {
      await channel.publish(n);
    }
    proxy.heal();
    await untilCounted(stream, 4);
    expect(await stream.messages()).toEqual([0, 8, 9, 10]);
    const gaps = (await stream.dispatched()).filter(({ type }) => type === 'gap');
    expect(gaps.map(({ data }) => JSON.parse(data!) as unknown)).toMatchObject([{ reason: 'trimmed' }]);
  });

  // WebKit cannot be taken offline; what it does without a network is the last test.
  if (engine.canGoOffline) {
    /** Follows a stream, goes offline, and comes back when the EventSource has tried to reconnect meanwhile. */
    const goOffline = async (): Promise<FollowedStream> => {
      const app = await startStreamApp('express', CountingController);
      const proxy = closeLater(await TcpProxy.start({ target: app.port }));
      const stream = await FollowedStream.open(engine, `http://127.0.0.1:${proxy.port}/page`, '/stream');
      await untilCounted(stream, 3);
      await engine.setOffline(true);
      try {
        // The switch of a browser concerns new connections; a network that is gone ends the others, too.
        proxy.breakAll();
        await stream.untilFailed(2);
        expect(app.requests.answered()).toHaveLength(1);
      } finally {
        await engine.setOffline(false);
      }
      return stream;
    };

    // The specification leaves it to the browser which network errors are final. For Firefox an unknown host is one, too.
    if (engine.name === 'Firefox') {
      it('gives up for good while the browser is offline: a page that is to survive it opens a new one', async () => {
        const stream = await goOffline();
        const errors = await stream.untilFailed(2);
        expect(errors.map(({ readyState }) => readyState)).toEqual([CONNECTING, CLOSED]);
      });
    } else {
      it('resumes after its last id when the browser was offline', async () => {
        const stream = await goOffline();
        const numbers = await numbersAfterReconnect(stream);
        expect(numbers).toEqual(upTo(numbers.length));
      });
    }
  }

  it('resumes after its last id when no connection could be made for a while', async () => {
    const app = await startStreamApp('express', CountingController);
    const proxy = closeLater(await TcpProxy.start({ target: app.port }));
    const stream = await FollowedStream.open(engine, `http://127.0.0.1:${proxy.port}/page`, '/stream');
    await untilCounted(stream, 3);
    proxy.isolate();
    await stream.untilFailed(2);
    proxy.heal();
    const numbers = await numbersAfterReconnect(stream);
    expect(numbers).toEqual(upTo(numbers.length));
  });
});

/** Each number once, from 1. */
function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
