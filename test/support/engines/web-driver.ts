import { until } from '../until';
import { callSource, type EnginePage } from './engine';

/** The commands of WebDriver that a page needs, each about the window that was switched to last. */
export interface WebDriverCommands {
  currentWindow(): Promise<string>;
  newWindow(): Promise<string>;
  switchTo(window: string): Promise<void>;
  closeWindow(): Promise<void>;
  navigate(url: string): Promise<void>;
  /** Runs the body of a function whose last argument is what it calls with its result. */
  executeAsync(script: string): Promise<unknown>;
  /** Base64. */
  screenshot(): Promise<string>;
  deleteCookies(): Promise<void>;
}

/** What a script in a page came to. */
type Outcome = { readonly value: unknown } | { readonly error: string };

/**
 * The windows of a browser that is driven by WebDriver. WebDriver knows one current window: commands are sent one after the
 * other, and each is preceded by the switch to its window where that is another one.
 */
export class WebDriverWindows {
  private readonly open = new Set<WebDriverPage>();
  private current: string;
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param commands those of a browser that was just started.
   * @param first its first window, which stays empty: no command is accepted while the current window is a closed one.
   */
  private constructor(
    private readonly commands: WebDriverCommands,
    private readonly first: string,
  ) {
    this.current = first;
  }

  static async of(commands: WebDriverCommands): Promise<WebDriverWindows> {
    return new WebDriverWindows(commands, await commands.currentWindow());
  }

  async openPage(): Promise<EnginePage> {
    const window = await this.inTurn(() => this.commands.newWindow());
    const page: WebDriverPage = new WebDriverPage(
      (work) => this.in(window, work),
      async () => {
        this.open.delete(page);
        await this.in(window, (commands) => commands.closeWindow());
        await this.in(this.first, () => Promise.resolve());
      },
    );
    this.open.add(page);
    return page;
  }

  async closePages(): Promise<void> {
    for (const page of this.open) {
      await page.deleteCookies();
      await page.close();
    }
  }

  private in<T>(window: string, work: (commands: WebDriverCommands) => Promise<T>): Promise<T> {
    return this.inTurn(async () => {
      if (this.current !== window) {
        await this.commands.switchTo(window);
        this.current = window;
      }
      return work(this.commands);
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}

/** What tells a document from the one before it. */
interface LoadedPage {
  isLeft?: boolean;
  readonly document: { readonly readyState: string };
}

class WebDriverPage implements EnginePage {
  constructor(
    private readonly run: <T>(work: (commands: WebDriverCommands) => Promise<T>) => Promise<T>,
    readonly close: () => Promise<void>,
  ) {}

  async goto(url: string): Promise<void> {
    await this.evaluate(() => {
      (globalThis as unknown as LoadedPage).isLeft = true;
    });
    await this.run((commands) => commands.navigate(url));
    // WebKit's driver may answer for the empty document that the window had.
    const isThere = (): Promise<boolean> =>
      this.evaluate(() => {
        const { isLeft, document } = globalThis as unknown as LoadedPage;
        return !isLeft && document.readyState === 'complete';
      });
    await until(isThere, 30_000, () => `${url} has loaded`);
  }

  async evaluate<T, A extends readonly unknown[]>(script: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    // A script that throws is an outcome, too: what WebDriver would make of it differs between the engines.
    // Firefox gives each script a global object of its own, which hides that of the page.
    const body = `const done = arguments[arguments.length - 1];
const globalThis = window;
Promise.resolve().then(() => ${callSource(script, args)})
  .then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const outcome = (await this.run((commands) => commands.executeAsync(body))) as Outcome;
    if ('error' in outcome) {
      throw new Error(`A script in the page failed: ${outcome.error}`);
    }
    return outcome.value as T;
  }

  async screenshot(): Promise<Buffer> {
    return Buffer.from(await this.run((commands) => commands.screenshot()), 'base64');
  }

  deleteCookies(): Promise<void> {
    return this.run((commands) => commands.deleteCookies());
  }
}
