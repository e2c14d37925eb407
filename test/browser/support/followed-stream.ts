import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from './eventually';
import { watchStream, type StreamRequest } from './stream-requests';

/** What the browser's own EventSource dispatched; `data` and `lastEventId` are there where it is a `MessageEvent`. */
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

/** What `follow-stream.js` keeps in the page. */
interface FollowingPage {
  follow(url: string, names: readonly string[], withCredentials: boolean): void;
  readonly followed: { readonly source: { readonly readyState: number }; readonly dispatched: Dispatched[] };
}

/** A page of an application that has nothing but an EventSource. */
export class FollowedStream {
  private constructor(
    private readonly page: Page,
    /** The requests for the stream that were answered, in order. */
    readonly requests: () => Promise<StreamRequest[]>,
  ) {}

  /**
   * Opens the page and follows the stream.
   *
   * @param names of the events to listen to, beside `open`, `message` and `error`.
   */
  static async open(
    page: Page,
    address: string,
    stream: string,
    names: readonly string[] = [],
    withCredentials = false,
  ): Promise<FollowedStream> {
    const url = new URL(stream, address);
    const requests = watchStream(page, url.pathname);
    await page.addInitScript({ path: join(__dirname, 'follow-stream.js') });
    await page.goto(address);
    await page.evaluate(
      ([target, types, credentials]) => (globalThis as unknown as FollowingPage).follow(target, types, credentials),
      [url.href, names, withCredentials] as const,
    );
    return new FollowedStream(page, requests);
  }

  dispatched(): Promise<Dispatched[]> {
    return this.page.evaluate(() => (globalThis as unknown as FollowingPage).followed.dispatched);
  }

  readyState(): Promise<number> {
    return this.page.evaluate(() => (globalThis as unknown as FollowingPage).followed.source.readyState);
  }

  /** Waits until what was dispatched fits. */
  untilDispatched(fits: (events: Dispatched[]) => boolean): Promise<Dispatched[]> {
    return eventually(() => this.dispatched(), fits);
  }

  /** Waits until the EventSource has given up for good; CLOSED is final by the specification. */
  async untilClosed(): Promise<void> {
    await eventually(
      () => this.readyState(),
      (state) => state === CLOSED,
    );
  }
}
