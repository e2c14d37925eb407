import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, EngineBrowser, EnginePage } from './engine';
import { Marionette } from './marionette';
import { Program } from './program';
import { WebDriverWindows, type WebDriverCommands } from './web-driver';

const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';

/** Firefox looks for a free port, and writes it into this file of its profile. */
const PORT_FILE = 'MarionetteActivePort';

const PREFERENCES = {
  'marionette.port': 0,
  'network.proxy.type': 0,
  // The servers of tests are on this machine, which offline would not concern otherwise.
  'network.disable-localhost-when-offline': true,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'app.normandy.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'browser.shell.checkDefaultBrowser': false,
};

export const firefox: Engine = {
  name: 'Firefox',
  missing: existsSync(FIREFOX)
    ? undefined
    : `${FIREFOX} is missing. Install the Debian package with "apt-get install firefox-esr", or name another one in FIREFOX`,
  canGoOffline: true,
  launch: () => FirefoxBrowser.launch(),
};

class FirefoxBrowser implements EngineBrowser {
  private constructor(
    readonly version: string,
    private readonly windows: WebDriverWindows,
    private readonly program: Program,
    private readonly marionette: Marionette,
    private readonly profile: string,
  ) {}

  static async launch(): Promise<FirefoxBrowser> {
    const profile = await mkdtemp(join(tmpdir(), 'sse-firefox-'));
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
    await writeFile(join(profile, 'user.js'), lines.join('\n'));
    // The system access is for going offline, which no page may ask for.
    const program = Program.start(
      FIREFOX,
      ['--headless', '--no-remote', '--marionette', '--remote-allow-system-access', '--profile', profile],
      { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' },
    );
    try {
      const port = await program.until(() => portIn(profile), 'Firefox does not say its port');
      const marionette = await Marionette.connect(port, () => program.failure('Firefox cannot be driven any more'));
      const session = (await marionette.send('WebDriver:NewSession')) as { capabilities: { browserVersion: string } };
      await marionette.send('WebDriver:SetTimeouts', { script: 30_000, pageLoad: 30_000 });
      const version = `Firefox ${session.capabilities.browserVersion}`;
      const windows = await WebDriverWindows.of(commandsOver(marionette));
      return new FirefoxBrowser(version, windows, program, marionette, profile);
    } catch (error) {
      await program.end();
      await rm(profile, { recursive: true, force: true });
      throw error;
    }
  }

  open(): Promise<EnginePage> {
    return this.windows.openPage();
  }

  closePages(): Promise<void> {
    return this.windows.closePages();
  }

  async setOffline(isOffline: boolean): Promise<void> {
    await this.marionette.send('Marionette:SetContext', { value: 'chrome' });
    try {
      const script = `Services.io.offline = ${isOffline}`;
      await this.marionette.send('WebDriver:ExecuteScript', { script, args: [] });
    } finally {
      await this.marionette.send('Marionette:SetContext', { value: 'content' });
    }
  }

  async close(): Promise<void> {
    if (!this.program.hasEnded) {
      await this.marionette.send('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => undefined);
    }
    await this.program.untilEnded();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function portIn(profile: string): Promise<number | undefined> {
  const text = await readFile(join(profile, PORT_FILE), 'utf8').catch(() => '');
  return Number(text) || undefined;
}

function commandsOver(marionette: Marionette): WebDriverCommands {
  const send = async (name: string, params: object = {}): Promise<void> => {
    await marionette.send(`WebDriver:${name}`, params);
  };
  const ask = async <T>(name: string, params: object = {}): Promise<T> =>
    (await marionette.send(`WebDriver:${name}`, params)) as T;
  return {
    currentWindow: async () => (await ask<{ value: string }>('GetWindowHandle')).value,
    newWindow: async () => (await ask<{ handle: string }>('NewWindow', { type: 'tab' })).handle,
    switchTo: (handle) => send('SwitchToWindow', { handle }),
    closeWindow: () => send('CloseWindow'),
    navigate: (url) => send('Navigate', { url }),
    executeAsync: async (script) =>
      (await ask<{ value: unknown }>('ExecuteAsyncScript', { script, args: [], scriptTimeout: 30_000 })).value,
    screenshot: async () => (await ask<{ value: string }>('TakeScreenshot', { full: false })).value,
    deleteCookies: () => send('DeleteAllCookies'),
  };
}
