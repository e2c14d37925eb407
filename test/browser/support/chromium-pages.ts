import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../../support/chromium';

/** How long a page may take for what a test waits for. Pages reconnect after seconds, and machines may be busy. */
const LIMIT = 20_000;

/** Starts one browser for the tests of a `describe`, and gives each page a profile of its own, which goes with the test. */
export function chromiumPages(): { open(options?: BrowserContextOptions): Promise<Page> } {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));
  afterAll(() => browser.close());
  return {
    async open(options) {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(LIMIT);
      return context.newPage();
    },
  };
}
