import type { Page, Response } from 'playwright-core';

/** A request for a stream, and how it was answered. */
export interface StreamRequest {
  readonly status: number;
  readonly lastEventId: string | undefined;
}

/** Watches a page's requests for one path, and gives those that were answered, in order. */
export function watchStream(page: Page, path: string): () => Promise<StreamRequest[]> {
  const responses: Response[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname === path) {
      responses.push(response);
    }
  });
  return () =>
    Promise.all(
      responses.map(async (response) => ({
        status: response.status(),
        lastEventId: (await response.request().allHeaders())['last-event-id'],
      })),
    );
}
