import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeWithEngines } from '../support/engines/describe-with-engines';
import type { EnginePage } from '../support/engines/engine';
import { Program } from '../support/engines/program';

jest.setTimeout(60_000);

/** What a script in a page needs of the browser. */
interface PageGlobals {
  readonly location: { readonly pathname: string };
  readonly document: { cookie: string };
  readonly navigator: { readonly onLine: boolean };
  readonly fetch: typeof fetch;
}

describeWithEngines('A browser that tests drive', (engine) => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      // Offline concerns new connections.
      response.writeHead(200, { 'Content-Type': 'text/html', Connection: 'close' });
      response.end('<!doctype html><title>A page</title><link rel="icon" href="data:,"><p>Hello');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  const open = async (path: string): Promise<EnginePage> => {
    const page = await engine.open();
    await page.goto(url + path);
    return page;
  };

  it('runs scripts in several pages at once', async () => {
    const pages = await Promise.all([open('/first'), open('/second')]);
    const paths = pages.map((page) => page.evaluate(() => (globalThis as unknown as PageGlobals).location.pathname));
    expect(await Promise.all(paths)).toEqual(['/first', '/second']);
  });

  it('passes arguments and results of a script, and its errors', async () => {
    const page = await open('/');
    const text = '"\'`\\\u2028é漢😀';
    expect(await page.evaluate(async (a, b) => ({ sum: a + 1, b, none: null }), 1, text)).toEqual({
      sum: 2,
      b: text,
      none: null,
    });
    const failing = page.evaluate((what) => {
      throw new Error(`No such ${what}`);
    }, 'thing');
    await expect(failing).rejects.toThrow('No such thing');
  });

  it('makes pictures of a page', async () => {
    const picture = await (await open('/')).screenshot();
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
  });

  describe('between two tests', () => {
    const cookie = (page: EnginePage): Promise<string> =>
      page.evaluate(() => (globalThis as unknown as PageGlobals).document.cookie);

    it('keeps cookies within a test', async () => {
      const page = await open('/');
      await page.evaluate(() => {
        (globalThis as unknown as PageGlobals).document.cookie = 'kept=yes';
      });
      expect(await cookie(await open('/'))).toBe('kept=yes');
    });

    it('forgets them after it', async () => {
      expect(await cookie(await open('/'))).toBe('');
    });
  });

  it('goes offline and comes back, or says that it cannot', async () => {
    const page = await open('/');
    const look = (): Promise<{ isOnline: boolean; isAnswered: boolean }> =>
      page.evaluate(async () => {
        const window = globalThis as unknown as PageGlobals;
        const answer = await window.fetch(`/?${Math.random()}`).catch(() => undefined);
        return { isOnline: window.navigator.onLine, isAnswered: answer?.ok === true };
      });
    const switched = engine.setOffline(true).then(
      () => true,
      () => false,
    );
    expect(await switched).toBe(engine.canGoOffline);
    expect(await look()).toEqual({ isOnline: !engine.canGoOffline, isAnswered: !engine.canGoOffline });
    await engine.setOffline(false).catch(() => undefined);
    expect(await look()).toEqual({ isOnline: true, isAnswered: true });
  });
});

describe('A program that a browser consists of', () => {
  it('is named with its last output when it ends before it is ready', async () => {
    const program = Program.start('/bin/sh', ['-c', 'echo there is no display >&2; exit 3']);
    await program.ended;
    const failed = program.until(() => undefined, 'The browser does not answer');
    await expect(failed).rejects.toThrow(
      'The browser does not answer: /bin/sh has ended with code 3. Its last output:\nthere is no display',
    );
  });

  it('is named when it cannot be started', async () => {
    const failed = Program.start('/no/such/browser', []).until(() => undefined, 'The browser does not answer');
    await expect(failed).rejects.toThrow('/no/such/browser cannot be started: spawn /no/such/browser ENOENT');
  });

  it('is ended by force when it does not follow', async () => {
    const program = Program.start('/bin/sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done']);
    await program.until(() => (program.output === '' ? undefined : true), 'The shell does not start');
    await program.end(100);
    expect((await program.failure('Ended')).message).toContain('SIGKILL');
  });
});
