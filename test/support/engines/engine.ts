/** One browser engine of this machine. */
export interface Engine {
  readonly name: 'Chromium' | 'Firefox' | 'WebKit';
  /** What keeps it from being started here and how to get it, or `undefined` where it can be started. */
  readonly missing: string | undefined;
  /** Whether `EngineBrowser.setOffline()` works. */
  readonly canGoOffline: boolean;
  /** Starts a browser of it, without a window that a person sees. The caller closes it. */
  launch(): Promise<EngineBrowser>;
}

/**
 * A browser that runs. Its pages share one profile. Where the program has ended, every call rejects, and the message has its
 * last output.
 */
export interface EngineBrowser {
  /** The name of the program and its version. */
  readonly version: string;
  /** Opens an empty page. */
  open(): Promise<EnginePage>;
  /** Closes every page that was opened, and removes all cookies. */
  closePages(): Promise<void>;
  /** Takes the browser off the network and back. Rejects where `Engine.canGoOffline` is `false`. */
  setOffline(isOffline: boolean): Promise<void>;
  close(): Promise<void>;
}

/** One page. */
export interface EnginePage {
  /** Resolves when the page has loaded. */
  goto(url: string): Promise<void>;
  /**
   * Calls a function in the page. The page gets its source, so that it may not use anything from outside; the arguments and
   * the result are JSON. A promise is awaited.
   */
  evaluate<T, A extends readonly unknown[]>(script: (...args: A) => T | Promise<T>, ...args: A): Promise<T>;
  /** A PNG of what is seen. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

/** The source of an expression that is the result of the call. */
export function callSource(script: (...args: never[]) => unknown, args: readonly unknown[]): string {
  return `(${script.toString()})(...${JSON.stringify(args)})`;
}
