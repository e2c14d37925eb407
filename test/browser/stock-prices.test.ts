import type { Page } from 'playwright-core';
import { describeWithChromium } from '../support/chromium';
import { until } from '../support/until';
import { chromiumPages } from './support/chromium-pages';
import { eventually } from './support/eventually';
import { PageRecorder } from './support/page-recorder';
import { closeSampleApps, startSampleApp, type SampleApp } from './support/sample-app';

jest.setTimeout(60_000);

describeWithChromium('The page of stock prices', () => {
  const pages = chromiumPages();
  let sample: SampleApp;
  let page: Page;
  let recorder: PageRecorder;
  beforeEach(async () => {
    sample = await startSampleApp();
    page = await pages.open();
    recorder = await PageRecorder.on(page);
    await page.goto(`${sample.url}/01-stock-prices/`);
  });
  afterEach(closeSampleApps);

  it('opens both streams, and shows prices as they come', async () => {
    for (const state of ['price-state', 'halts-state']) {
      expect(await recorder.untilShown(state, (states) => states.includes('open'))).toEqual(['connecting', 'open']);
    }
    expect(sample.connections.count).toBe(2);
    // Two more than the one that stands there when the stream opens: those are live.
    const counts = await recorder.untilShown('count', (texts) => texts.includes('3'));
    expect(counts.slice(0, 4)).toEqual(['0', '1', '2', '3']);
    expect(await page.locator('#price').textContent()).toMatch(/^\d+\.\d\d$/);
  });

  it('follows the symbol that is chosen, and lets the other stream go', async () => {
    await page.getByRole('group', { name: 'Symbol' }).getByText('GLOBEX', { exact: true }).click();
    await recorder.untilShown('last-id', (ids) => ids.some((id) => id.startsWith('GLOBEX-')));
    await until(() => sample.streams('StockPricesView.events').length === 1);
    expect(sample.streams('StockPricesView.events')[0]!.request).toMatchObject({ query: { symbol: 'GLOBEX' } });
    const ids = await recorder.shown('last-id');
    const first = ids.findIndex((id) => id.startsWith('GLOBEX-'));
    expect(ids.slice(first).filter((id) => !id.startsWith('GLOBEX-'))).toEqual([]);
    await page.getByRole('heading', { name: 'Price of GLOBEX' }).waitFor();
  });

  it('sets a price by an ordinary route, which comes back as an event, and halts the trading on the second stream', async () => {
    await recorder.untilShown('halts-state', (states) => states.includes('open'));
    await recorder.untilShown('count', (texts) => texts.includes('1'));
    await page.getByRole('combobox', { name: 'Symbol' }).selectOption('ACME');
    await page.getByRole('spinbutton', { name: 'Price' }).fill('4321.5');
    await page.getByRole('button', { name: 'Set' }).click();
    await page.getByText('ACME is at 4,321.50').waitFor();
    await recorder.untilShown('price', (prices) => prices.includes('4,321.50'));
    const events = await recorder.untilShown('events', (texts) =>
      texts.some((text) => text.includes('"price":4321.5,')),
    );
    expect(events.every((text) => text.startsWith('price'))).toBe(true);
    await page.getByRole('log', { name: 'Trading halts' }).getByText('ACME').waitFor();
  });

  it('says why a price is not taken', async () => {
    await recorder.untilShown('count', (texts) => texts.includes('1'));
    await page.getByRole('spinbutton', { name: 'Price' }).fill('-1');
    await page.getByRole('button', { name: 'Set' }).click();
    const result = await eventually(
      () => page.locator('#set-result').textContent(),
      (text) => text !== '',
    );
    expect(result).toContain('price must be a positive number');
  });

  it('says that it is offline, and goes on after that where it was', async () => {
    await recorder.untilShown('count', (texts) => texts.includes('2'));
    const seen = (): Promise<[count: number, id: number]> =>
      page.evaluate(`[
        Number(document.getElementById('count').textContent),
        Number(/\\d+$/.exec(document.getElementById('last-id').textContent)[0]),
      ]`);
    const [countBefore, idBefore] = await seen();
    await page.context().setOffline(true);
    for (const state of ['price-state', 'halts-state']) {
      await recorder.untilShown(state, (states) => states.at(-1) === 'reconnecting');
    }
    await until(() => sample.connections.count === 0);
    await page.context().setOffline(false);
    for (const state of ['price-state', 'halts-state']) {
      await recorder.untilShown(state, (states) => states.at(-1) === 'open');
    }
    // Nothing is lost, and nothing comes twice.
    const [count, id] = await eventually(seen, ([shown]) => shown > countBefore + 3);
    expect(count - countBefore).toBe(id - idBefore);
  });
});
