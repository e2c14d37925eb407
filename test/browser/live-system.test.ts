import type { Locator, Page } from 'playwright-core';
import { describeWithChromium } from '../support/chromium';
import { until } from '../support/until';
import { chromiumPages } from './support/chromium-pages';
import { PageRecorder } from './support/page-recorder';
import { closeSampleApps, startSampleApp } from './support/sample-app';

jest.setTimeout(60_000);

describeWithChromium('The page of the live system', () => {
  const pages = chromiumPages();
  afterEach(closeSampleApps);

  it('shows readings as they come, and draws them', async () => {
    const sample = await startSampleApp();
    const page = await pages.open();
    const recorder = await PageRecorder.on(page);
    await page.goto(`${sample.url}/03-live-system/`);
    const cpu = await recorder.untilShown('cpu', (texts) => texts.length > 2);
    expect(cpu.slice(1).filter((text) => !/^\d{1,3}\.\d %$/.test(text))).toEqual([]);
    expect(await recorder.shown('state')).toEqual(['connecting', 'open']);
    for (const name of [/^Load of the processor/, /^Memory in use/]) {
      const chart = page.getByRole('img', { name });
      expect(await pointsOf(chart)).toBeGreaterThanOrEqual(2);
      expect((await chart.boundingBox())!.height).toBeGreaterThan(40);
    }
    expect(await page.getByText(/^Core \d+$/).count()).toBeGreaterThan(0);
  });

  it.each<[string, (page: Page) => Promise<unknown>]>([
    ['closed', (page) => page.close()],
    ['left for another one', (page) => page.goto('about:blank')],
    ['told to disconnect', (page) => page.getByRole('button', { name: 'Disconnect' }).click()],
  ])('is missed by the server when it is %s', async (_how, leave) => {
    const sample = await startSampleApp();
    const page = await pages.open();
    await page.goto(`${sample.url}/03-live-system/`);
    await page.getByText('open', { exact: true }).waitFor();
    expect(sample.connections.count).toBe(1);
    expect(sample.log).toContain('A client came, 1 watching');
    await leave(page);
    await until(() => sample.connections.count === 0);
    expect(sample.log).toContain('A client left, 0 watching');
    expect(sample.log).toContain('Nobody is watching: the readings stop');
  });

  it('connects again at a press of the button', async () => {
    const sample = await startSampleApp();
    const page = await pages.open();
    const recorder = await PageRecorder.on(page);
    await page.goto(`${sample.url}/03-live-system/`);
    await page.getByText('open', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    const states = await recorder.untilShown('state', (texts) => texts.filter((text) => text === 'open').length === 2);
    expect(states).toEqual(['connecting', 'open', 'ended', 'connecting', 'open']);
    await until(() => sample.connections.count === 1);
  });
});

/** How many points the longest line of a chart goes through. */
function pointsOf(chart: Locator): Promise<number> {
  return chart
    .locator('path')
    .evaluateAll((paths: { getAttribute(name: string): string | null }[]) =>
      Math.max(...paths.map((path) => (path.getAttribute('d') ?? '').split('L').length)),
    );
}
