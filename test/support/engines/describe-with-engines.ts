import { describeIf } from '../describe-if';
import { chromium } from './chromium';
import type { Engine, EngineBrowser } from './engine';
import { firefox } from './firefox';
import { webkit } from './webkit';

/** Every engine that an application has to work in. */
export const ENGINES: readonly Engine[] = [chromium, firefox, webkit];

/** An engine as a test uses it. Its browser runs from the first test of the `describe` to the last. */
export interface TestedEngine extends Omit<EngineBrowser, 'closePages' | 'close'> {
  readonly name: Engine['name'];
  readonly canGoOffline: boolean;
}

/**
 * `describe` for tests in a real browser, once for each engine. The browser is started once, and its pages are closed after
 * each test.
 */
export function describeWithEngines(name: string, tests: (engine: TestedEngine) => void): void {
  for (const engine of ENGINES) {
    describeIf(engine.missing, `${name}, in ${engine.name}`, () => {
      let browser: EngineBrowser | undefined;
      const running = (): EngineBrowser => {
        if (!browser) {
          throw new Error(`${engine.name} has not been started`);
        }
        return browser;
      };
      beforeAll(async () => {
        browser = await engine.launch();
      }, 60_000);
      afterEach(() => browser?.closePages());
      afterAll(() => browser?.close());
      tests({
        name: engine.name,
        canGoOffline: engine.canGoOffline,
        get version() {
          return running().version;
        },
        open: () => running().open(),
        setOffline: (isOffline) => running().setOffline(isOffline),
      });
    });
  }
}
