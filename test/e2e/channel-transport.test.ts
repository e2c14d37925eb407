import { Controller } from '@nestjs/common';
import compression from 'compression';
import { connect, constants } from 'node:http2';
import { createGunzip } from 'node:zlib';
import { ChannelView } from 'nestjs-sse-views';
import { closeChannelApps, startChannelApp } from '../support/channel-app';
import { RawClient } from '../support/raw-client';
import { parseEvents } from '../support/read-events';
import { until } from '../support/until';

afterEach(closeChannelApps);

@Controller('news')
class NewsView extends ChannelView {
  static readonly channel = 'news';
  static readonly headers = { 'Cache-Control': 'no-store' };
}

describe('a channel', () => {
  it('over HTTP/2, on Fastify: streams of one connection get the same, and a reset of one ends its subscription', async () => {
    const app = await startChannelApp('fastify', { controllers: [NewsView], fastify: { http2: true } });
    const { id } = await app.channel.publish(0);
    const session = connect(app.url);
    session.on('error', () => undefined);
    const open = (headers = {}) => {
      const stream = session.request({ ':path': '/news', ...headers });
      const seen = { body: '', stream, ended: false };
      stream.on('data', (chunk: Buffer) => {
        seen.body += chunk.toString();
      });
      stream.on('end', () => {
        seen.ended = true;
      });
      stream.on('error', () => undefined);
      return seen;
    };
    const [one, two] = [open(), open()];
    await until(() => one.body !== '' && two.body !== '');
    await app.channel.publish(1);
    await until(() => one.body.includes('data: 1\n\n') && one.body === two.body);
    const resumed = open({ 'last-event-id': id });
    await until(() => resumed.body !== '');
    expect(parseEvents(resumed.body).map(({ data }) => data)).toEqual(['1']);
    one.stream.close(constants.NGHTTP2_CANCEL);
    await until(() => [...app.channel.subscribers()][0]![1] === 2);
    await app.channel.publish(2);
    await until(() => [two, resumed].every(({ body }) => body.endsWith('data: 2\n\n')));
    await app.close();
    await until(() => two.ended && resumed.ended);
    expect(one.body).not.toContain('data: 2');
    session.destroy();
  });

  it('behind compression, on Express: each publication comes through at once', async () => {
    const app = await startChannelApp('express', {
      controllers: [NewsView],
      prepare: (nest) => nest.use(compression({ filter: () => true, threshold: 0 })),
    });
    const client = new RawClient(app.port, '/news', { headers: { 'Accept-Encoding': 'gzip' } });
    let text = '';
    const gunzip = createGunzip().on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    gunzip.on('error', () => undefined);
    let fed = 0;
    const read = (): string => {
      const bytes = Buffer.from(unchunked(client), 'latin1');
      gunzip.write(bytes.subarray(fed));
      fed = bytes.length;
      return text;
    };
    await until(() => read().includes('event: start\n'));
    expect(client.header('content-encoding')).toEqual(['gzip']);
    for (let n = 1; n <= 3; n++) {
      await app.channel.publish(n);
      await until(() => read().endsWith(`data: ${n}\n\n`));
    }
    expect(
      parseEvents(text)
        .map(({ data }) => data)
        .slice(1),
    ).toEqual(['1', '2', '3']);
    client.leave();
  });
});

/** The body without the lengths of its chunks, one character a byte. */
function unchunked({ received, head }: RawClient): string {
  let rest = head === '' ? '' : received.slice(head.length + 4);
  let body = '';
  for (;;) {
    const line = rest.indexOf('\r\n');
    const size = line < 0 ? 0 : parseInt(rest.slice(0, line), 16);
    if (!size || rest.length < line + 4 + size) {
      return body;
    }
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 4 + size);
  }
}
