import { existsSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Engine, EngineBrowser, EnginePage } from './engine';
import { Program } from './program';
import { VirtualDisplay, XVFB } from './virtual-display';
import { WebDriverWindows, type WebDriverCommands } from './web-driver';

const WEBKIT_DRIVER = process.env['WEBKIT_DRIVER'] ?? '/usr/bin/WebKitWebDriver';

/** WebKit's small browser. Its path has the machine's architecture and the version of WebKit's interface in it. */
const WEBKIT_BROWSER = process.env['WEBKIT_BROWSER'] ?? findMiniBrowser();

/** Milliseconds that a command may take: more than a page may take to load. */
const LIMIT = 45_000;

export const webkit: Engine = {
  name: 'WebKit',
  missing: missing(),
  // WebDriver has no command for it, and WebKitGTK asks the machine.
  canGoOffline: false,
  launch: () => WebKitBrowser.launch(),
};

class WebKitBrowser implements EngineBrowser {
  private constructor(
    readonly version: string,
    private readonly windows: WebDriverWindows,
    private readonly session: WebDriverSession,
    private readonly driver: Program,
    private readonly display: VirtualDisplay,
  ) {}

  static async launch(): Promise<WebKitBrowser> {
    const display = await VirtualDisplay.start();
    try {
      for (let attempt = 1; ; attempt++) {
        const port = await freePort();
        const driver = Program.start(WEBKIT_DRIVER, ['--host=127.0.0.1', `--port=${port}`], {
          ...process.env,
          DISPLAY: display.name,
          no_proxy: '*',
          // Without it a page is never drawn, and a screenshot never taken, where there is no graphics card.
          LIBGL_ALWAYS_SOFTWARE: '1',
          WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
        });
        try {
          const session = await WebDriverSession.open(driver, port);
          const windows = await WebDriverWindows.of(commandsOver(session));
          return new WebKitBrowser(`WebKitGTK ${session.browserVersion}`, windows, session, driver, display);
        } catch (error) {
          const isPortTaken = driver.hasEnded;
          await driver.end();
          if (!isPortTaken || attempt === 5) {
            throw error;
          }
        }
      }
    } catch (error) {
      await display.close();
      throw error;
    }
  }

  open(): Promise<EnginePage> {
    return this.windows.openPage();
  }

  closePages(): Promise<void> {
    return this.windows.closePages();
  }

  setOffline(): Promise<void> {
    return Promise.reject(new Error('WebKit cannot be taken off the network; cut its connections instead'));
  }

  async close(): Promise<void> {
    await this.session.delete().catch(() => undefined);
    await this.driver.end();
    // A browser that the driver has left behind ends with its display.
    await this.display.close();
  }
}

/** A session of WebDriver over HTTP. */
class WebDriverSession {
  private constructor(
    readonly browserVersion: string,
    private readonly driver: Program,
    private readonly address: string,
  ) {}

  static async open(driver: Program, port: number): Promise<WebDriverSession> {
    const address = `http://127.0.0.1:${port}`;
    await driver.until(
      () =>
        fetch(`${address}/status`).then(
          (response) => response.ok || undefined,
          () => undefined,
        ),
      'WebKitWebDriver does not answer',
    );
    const options = { binary: WEBKIT_BROWSER, args: ['--automation'] };
    const answer = await call(driver, 'POST', `${address}/session`, {
      capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } },
    });
    const { sessionId, capabilities } = answer as { sessionId: string; capabilities: { browserVersion: string } };
    const session = new WebDriverSession(capabilities.browserVersion, driver, `${address}/session/${sessionId}`);
    await session.post('timeouts', { script: 30_000, pageLoad: 30_000 });
    return session;
  }

  post(path: string, body: object): Promise<unknown> {
    return call(this.driver, 'POST', `${this.address}/${path}`, body);
  }

  get(path: string): Promise<unknown> {
    return call(this.driver, 'GET', `${this.address}/${path}`);
  }

  async delete(path = ''): Promise<void> {
    await call(this.driver, 'DELETE', path === '' ? this.address : `${this.address}/${path}`);
  }
}

async function call(driver: Program, method: string, url: string, body?: object): Promise<unknown> {
  const request = { method, signal: AbortSignal.timeout(LIMIT), ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(url, request).catch(async (error: unknown) => {
    throw Object.assign(await driver.failure('WebKit cannot be driven any more'), { cause: error });
  });
  const { value } = (await response.json()) as { value: { error?: string; message?: string } | null };
  if (!response.ok) {
    throw new Error(`${method} ${new URL(url).pathname}: ${value?.error}: ${value?.message}`);
  }
  return value;
}

function commandsOver(session: WebDriverSession): WebDriverCommands {
  const post = async (path: string, body: object): Promise<void> => {
    await session.post(path, body);
  };
  return {
    currentWindow: async () => (await session.get('window')) as string,
    // A tab of a window would be hidden.
    newWindow: async () => ((await session.post('window/new', { type: 'window' })) as { handle: string }).handle,
    switchTo: (handle) => post('window', { handle }),
    closeWindow: () => session.delete('window'),
    navigate: (url) => post('url', { url }),
    executeAsync: (script) => session.post('execute/async', { script, args: [] }),
    screenshot: async () => (await session.get('screenshot')) as string,
    deleteCookies: () => session.delete('cookie'),
  };
}

function missing(): string | undefined {
  const needs: readonly (readonly [string | undefined, string, string])[] = [
    [WEBKIT_DRIVER, 'webkit2gtk-driver', 'WEBKIT_DRIVER'],
    [WEBKIT_BROWSER, 'webkit2gtk-driver', 'WEBKIT_BROWSER'],
    [XVFB, 'xvfb', 'XVFB'],
  ];
  const [path, debianPackage, variable] = needs.find(([file]) => file === undefined || !existsSync(file)) ?? [];
  return variable === undefined
    ? undefined
    : `${path ?? 'The MiniBrowser of WebKitGTK'} is missing. Install the Debian package with "apt-get install ${debianPackage}", or name another one in ${variable}`;
}

function findMiniBrowser(): string | undefined {
  const folders = (folder: string, name: RegExp): string[] =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((entry) => name.test(entry))
          .map((entry) => join(folder, entry))
      : [];
  return folders('/usr/lib', /-linux-gnu/)
    .flatMap((folder) => folders(folder, /^webkit2gtk-4/))
    .map((folder) => join(folder, 'MiniBrowser'))
    .find((file) => existsSync(file));
}

/** A port that nobody listens on just now. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
