import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from './eventually';

/** A text that a page put into the element with this id. */
export interface Shown {
  readonly id: string;
  readonly text: string;
}

/** What `record-page.js` keeps in the page. */
interface RecordingPage {
  readonly recorded: { readonly timeline: Shown[]; readonly sources: { readonly readyState: number }[] };
}

/** Remembers what a page showed, so that a test misses nothing between two looks at it. */
export class PageRecorder {
  private constructor(private readonly page: Page) {}

  /** Must be called before the page goes to an address; each address starts a new record. */
  static async on(page: Page): Promise<PageRecorder> {
    await page.addInitScript({ path: join(__dirname, 'record-page.js') });
    return new PageRecorder(page);
  }

  /** All that the page showed, in order. */
  timeline(): Promise<Shown[]> {
    return this.page.evaluate(() => (globalThis as unknown as RecordingPage).recorded.timeline);
  }

  /** What was shown in one element, in order. */
  async shown(id: string): Promise<string[]> {
    return (await this.timeline()).filter((entry) => entry.id === id).map(({ text }) => text.trim());
  }

  /** Waits until what was shown in an element fits. */
  untilShown(id: string, fits: (texts: string[]) => boolean): Promise<string[]> {
    return eventually(() => this.shown(id), fits);
  }

  /** `readyState` of every EventSource that the page made, in order. */
  readyStates(): Promise<number[]> {
    return this.page.evaluate(() =>
      (globalThis as unknown as RecordingPage).recorded.sources.map(({ readyState }) => readyState),
    );
  }
}
