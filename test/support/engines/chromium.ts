import type { Browser, Page } from 'playwright-core';
import { launchChromium, missingChromium } from '../chromium';
import { callSource, type Engine, type EngineBrowser, type EnginePage } from './engine';

export const chromium: Engine = {
  name: 'Chromium',
  missing: missingChromium,
  canGoOffline: true,
  launch: async () => new ChromiumBrowser(await launchChromium()),
};

class ChromiumBrowser implements EngineBrowser {
  private isOffline = false;

  constructor(private readonly browser: Browser) {}

  get version(): string {
    return `Chromium ${this.browser.version()}`;
  }

  /** In the profile of the pages that are open. */
  async open(): Promise<EnginePage> {
    const context = this.browser.contexts()[0] ?? (await this.browser.newContext({ offline: this.isOffline }));
    return new ChromiumPage(await context.newPage());
  }

  async closePages(): Promise<void> {
    await Promise.all(this.browser.contexts().map((context) => context.close()));
  }

  async setOffline(isOffline: boolean): Promise<void> {
    this.isOffline = isOffline;
    await Promise.all(this.browser.contexts().map((context) => context.setOffline(isOffline)));
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

class ChromiumPage implements EnginePage {
  constructor(private readonly page: Page) {}

  async goto(url: string): Promise<void> {
    await this.page.goto(url);
  }

  evaluate<T, A extends readonly unknown[]>(script: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    return this.page.evaluate<T>(callSource(script, args));
  }

  screenshot(): Promise<Buffer> {
    return this.page.screenshot();
  }

  close(): Promise<void> {
    return this.page.close();
  }
}
