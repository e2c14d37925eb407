import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestedEngine } from '../../support/engines/describe-with-engines';
import type { EnginePage } from '../../support/engines/engine';
import { HttpProxy } from '../../support/http-proxy';
import { eventually } from './eventually';

const PROBE_PATH = '/page-probe.js';
const PROBE = readFileSync(join(__dirname, 'page-probe.js'), 'utf8');

/** What a script in a page needs of the browser. */
interface PageGlobals {
  readonly faults: string[];
  readonly document: { querySelectorAll(selector: string): Iterable<PageElement> };
}

interface PageElement {
  readonly textContent: string;
  value: string;
  click(): void;
  dispatchEvent(event: Event): boolean;
}

/**
 * A page that watches itself for faults: errors that nobody caught, what it writes to the console, files that are missing,
 * violations of its policy. No driver tells the same of all engines.
 */
export class ProbedPage {
  private constructor(private readonly page: EnginePage) {}

  /** Stands before a server, and puts the watching script into its pages. */
  static proxy(port: number): Promise<HttpProxy> {
    return HttpProxy.start({
      target: port,
      files: { [PROBE_PATH]: PROBE },
      changeDocument: (html) => html.replace('<head>', `<head><script src="${PROBE_PATH}"></script>`),
    });
  }

  /** @param url of a page behind the proxy. */
  static async open(engine: TestedEngine, url: string): Promise<ProbedPage> {
    const page = await engine.open();
    await page.goto(url);
    return new ProbedPage(page);
  }

  faults(): Promise<string[]> {
    return this.page.evaluate(() => (globalThis as unknown as PageGlobals).faults);
  }

  /** The text of each element. */
  texts(selector: string): Promise<string[]> {
    return this.page.evaluate(
      (wanted) =>
        [...(globalThis as unknown as PageGlobals).document.querySelectorAll(wanted)].map(({ textContent }) =>
          textContent.trim(),
        ),
      selector,
    );
  }

  /** Waits until the texts of the elements fit. */
  untilTexts(selector: string, fits: (texts: string[]) => boolean, limit = 20_000): Promise<string[]> {
    return eventually(() => this.texts(selector), fits, limit);
  }

  /** Waits until the first of the elements has a text that matches. */
  async untilText(selector: string, pattern: RegExp, limit?: number): Promise<void> {
    await this.untilTexts(selector, ([text]) => text !== undefined && pattern.test(text), limit);
  }

  /** Clicks on the first of the elements that has this text, once it is there. */
  async click(selector: string, text = ''): Promise<void> {
    await this.untilTexts(selector, (texts) => texts.some((found) => found.includes(text)));
    await this.page.evaluate(
      (wanted, label) => {
        const { document } = globalThis as unknown as PageGlobals;
        [...document.querySelectorAll(wanted)].find(({ textContent }) => textContent.includes(label))!.click();
      },
      selector,
      text,
    );
  }

  /** Types into a field. */
  fill(selector: string, value: string): Promise<void> {
    return this.page.evaluate(
      (wanted, text) => {
        const [field] = (globalThis as unknown as PageGlobals).document.querySelectorAll(wanted);
        field!.value = text;
        field!.dispatchEvent(new Event('input', { bubbles: true }));
      },
      selector,
      value,
    );
  }
}
