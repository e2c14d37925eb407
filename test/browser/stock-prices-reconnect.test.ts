import type { Page } from 'playwright-core';
import { PriceFeed } from '../../sample/01-stock-prices/price-feed';
import { describeWithChromium } from '../support/chromium';
import { chromiumPages } from './support/chromium-pages';
import { PageRecorder, type Shown } from './support/page-recorder';
import { closeSampleApps, startSampleApp, type SampleApp } from './support/sample-app';

jest.setTimeout(60_000);

const STREAM = 'StockPricesView.events';

describeWithChromium('A stream that breaks', () => {
  const pages = chromiumPages();
  let sample: SampleApp;
  let page: Page;
  let recorder: PageRecorder;
  beforeEach(async () => {
    sample = await startSampleApp();
    page = await pages.open();
    recorder = await PageRecorder.on(page);
    await page.goto(`${sample.url}/01-stock-prices/`);
    await recorder.untilShown('halts-state', (states) => states.includes('open'));
    await recorder.untilShown('last-id', (ids) => ids.length >= 3);
  });
  afterEach(closeSampleApps);

  it.each([
    {
      how: 'the server closes the connection',
      breakStream: () => sample.connections.close(({ handler }) => handler === STREAM),
    },
    { how: 'the network resets the connection', breakStream: () => sample.cutConnections() },
  ])('goes on from its last id, without a loss or a double, when $how', async ({ breakStream }) => {
    const [before] = sample.streams(STREAM);
    expect(before!.lastEventId).toBeUndefined();
    const feed = sample.app.get(PriceFeed);
    breakStream();
    // Nothing reaches the page any more: it cannot have these prices from anywhere but the history.
    const missed = [201, 202, 203].map((price) => feed.setPrice('ACME', price).sequence);

    await recorder.untilShown('price-state', (states) => states.filter((state) => state === 'open').length === 2);
    expect(await recorder.shown('price-state')).toEqual(['connecting', 'open', 'reconnecting', 'open']);
    await recorder.untilShown('events', (events) => sequencesIn(events).some((number) => number > missed.at(-1)!));

    const timeline = await recorder.timeline();
    const [after, ...others] = sample.streams(STREAM);
    expect(others).toHaveLength(0);
    expect(after!.lastEventId).toBe(lastIdBefore(timeline, 'reconnecting'));
    expect(sequencesIn([after!.lastEventId!])[0]).toBeLessThan(missed[0]!);
    const sequences = sequencesIn(timeline.filter(({ id }) => id === 'events').map(({ text }) => text));
    expect(sequences).toEqual(sequences.map((_, index) => sequences[0]! + index));
    expect(sequences).toEqual(expect.arrayContaining(missed));
  });

  it('opens again on a server that was stopped and started anew', async () => {
    const shownBefore = (await recorder.shown('last-id')).length;
    await sample.close();
    await recorder.untilShown('price-state', (states) => states.at(-1) === 'reconnecting');
    const restarted = await startSampleApp(sample.port);
    await recorder.untilShown('price-state', (states) => states.at(-1) === 'open');
    await recorder.untilShown('halts-state', (states) => states.at(-1) === 'open');
    const ids = await recorder.untilShown('last-id', (texts) => texts.length > shownBefore + 2);
    expect(new Set(ids).size).toBe(ids.length);
    const timeline = await recorder.timeline();
    expect(restarted.streams(STREAM).map(({ lastEventId }) => lastEventId)).toEqual([
      lastIdBefore(timeline, 'reconnecting'),
    ]);
  });
});

/** The numbers in the ids of the events that the page listed, `1234` of `ACME-1234`. */
function sequencesIn(events: string[]): number[] {
  return events.map((text) => Number(/ACME-(\d+)/.exec(text)?.[1]));
}

/** The id that stood last on the page before its badge said so. */
function lastIdBefore(timeline: Shown[], state: string): string | undefined {
  const at = timeline.findIndex(({ id, text }) => id === 'price-state' && text === state);
  return timeline.slice(0, at).findLast(({ id }) => id === 'last-id')?.text;
}
