import type { TestedEngine } from '../../support/engines/describe-with-engines';
import type { EnginePage } from '../../support/engines/engine';
import { eventually } from './eventually';

/** What a browser's own EventSource dispatched; `data` and `lastEventId` are there where it is a `MessageEvent`. */
export interface Dispatched {
  readonly type: string;
  readonly data?: string;
  readonly lastEventId?: string;
  /** Of the EventSource at that moment. */
  readonly readyState: number;
}

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSED = 2;

/** What a page of tests has. */
interface FollowingPage {
  readonly EventSource: new (url: string, options: { readonly withCredentials: boolean }) => Source;
  followed: { readonly source: Source; readonly dispatched: Dispatched[] };
}

interface Source {
  readonly readyState: number;
  addEventListener(
    name: string,
    listener: (event: { readonly type: string; readonly data?: string; readonly lastEventId?: string }) => void,
  ): void;
}

export interface FollowOptions {
  /** Names of the events to listen to, beside `open`, `message` and `error`. */
  readonly names?: readonly string[];
  readonly withCredentials?: boolean;
}

/** A page that has nothing but an EventSource. */
export class FollowedStream {
  private constructor(readonly page: EnginePage) {}

  /** Opens a page of an address, and follows a stream in it. */
  static async open(
    engine: TestedEngine,
    address: string,
    stream: string,
    options: FollowOptions = {},
  ): Promise<FollowedStream> {
    const page = await engine.open();
    await page.goto(address);
    return FollowedStream.on(page, new URL(stream, address).href, options);
  }

  /** Follows a stream in a page that is open. */
  static async on(page: EnginePage, url: string, options: FollowOptions = {}): Promise<FollowedStream> {
    const { names = [], withCredentials = false } = options;
    await page.evaluate(
      (target, types, credentials) => {
        const window = globalThis as unknown as FollowingPage;
        const source = new window.EventSource(target, { withCredentials: credentials });
        const followed: FollowingPage['followed'] = { source, dispatched: [] };
        for (const name of ['open', 'message', 'error', ...types]) {
          source.addEventListener(name, ({ type, data, lastEventId }) => {
            const content = data === undefined ? {} : { data, lastEventId };
            followed.dispatched.push({ type, ...content, readyState: source.readyState });
          });
        }
        window.followed = followed;
      },
      url,
      names,
      withCredentials,
    );
    return new FollowedStream(page);
  }

  dispatched(): Promise<Dispatched[]> {
    return this.page.evaluate(() => (globalThis as unknown as FollowingPage).followed.dispatched);
  }

  /** The data of the messages without a name that were dispatched, parsed. */
  async messages<T>(): Promise<T[]> {
    return (await this.dispatched()).filter(({ type }) => type === 'message').map(({ data }) => JSON.parse(data!) as T);
  }

  readyState(): Promise<number> {
    return this.page.evaluate(() => (globalThis as unknown as FollowingPage).followed.source.readyState);
  }

  /** Waits until what was dispatched fits. */
  untilDispatched(fits: (events: Dispatched[]) => boolean): Promise<Dispatched[]> {
    return eventually(() => this.dispatched(), fits);
  }

  /** Waits until `open` was dispatched this many times, at least. */
  untilOpened(times: number): Promise<Dispatched[]> {
    return this.untilDispatched((events) => events.filter(({ type }) => type === 'open').length >= times);
  }

  /** Waits until `error` was dispatched this many times, at least. @returns each of them. */
  async untilFailed(times: number): Promise<Dispatched[]> {
    const failures = (events: Dispatched[]): Dispatched[] => events.filter(({ type }) => type === 'error');
    return failures(await this.untilDispatched((events) => failures(events).length >= times));
  }

  /** Waits until the connection is lost, and the EventSource tries to come back. */
  untilReconnecting(): Promise<Dispatched[]> {
    return this.untilDispatched((events) => {
      const last = events.at(-1);
      return last?.type === 'error' && last.readyState === 0;
    });
  }

  /** Waits until the EventSource has given up for good; CLOSED is final by the specification. */
  async untilClosed(): Promise<void> {
    await eventually(
      () => this.readyState(),
      (state) => state === CLOSED,
    );
  }
}
