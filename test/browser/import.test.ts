import type { Page } from 'playwright-core';
import { describeWithChromium } from '../support/chromium';
import { until } from '../support/until';
import { chromiumPages } from './support/chromium-pages';
import { PageRecorder } from './support/page-recorder';
import { closeSampleApps, startSampleApp, type SampleApp } from './support/sample-app';

jest.setTimeout(60_000);

const ROWS = `sku,name,price,stock
TEA-001,Green tea,4.50,120
tea-2,Chamomile,3.40,51
TEA-003,Rooibos,3.90,64
TEA-004,Oolong,-6.10,33
TEA-005,Assam,4.95,75
TEA-006,,4.10,many`;

describeWithChromium('The page of the import', () => {
  const pages = chromiumPages();
  let sample: SampleApp;
  let page: Page;
  let recorder: PageRecorder;
  beforeEach(async () => {
    sample = await startSampleApp();
    page = await pages.open();
    recorder = await PageRecorder.on(page);
    await page.goto(`${sample.url}/04-import/`);
  });
  afterEach(closeSampleApps);

  const start = async (rows: string): Promise<void> => {
    await page.getByLabel('Products as CSV').fill(rows);
    await page.getByRole('button', { name: 'Import' }).click();
  };

  it('shows the progress of each row, the rows that are wrong, and the summary at the end', async () => {
    await start(ROWS);
    const states = await recorder.untilShown('state', (texts) => texts.includes('ended'));
    expect(states).toEqual(['not started', 'connecting', 'open', 'ended']);
    expect((await recorder.shown('done')).slice(1)).toEqual([0, 1, 2, 3, 4, 5, 6].map((done) => `${done} of 6 rows`));
    const rejected = await page.getByRole('log', { name: 'Rejected rows' }).getByRole('listitem').allTextContents();
    expect(rejected).toEqual([
      expect.stringMatching(/^Row 2.*sku must be/),
      expect.stringMatching(/^Row 4.*price must be/),
      expect.stringMatching(/^Row 6.*name .*stock must be/),
    ]);
    await page.getByText('3 imported, 3 rejected').waitFor();
    expect(sample.connections.count).toBe(0);
  });

  it('stops an import on the server, too', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => `TEA-${100 + index},Tea,4.50,1`);
    await start(['sku,name,price,stock', ...rows].join('\n'));
    await recorder.untilShown('done', (texts) => texts.includes('2 of 300 rows'));
    expect(sample.connections.count).toBe(1);
    await page.getByRole('button', { name: 'Stop' }).click();
    await recorder.untilShown('state', (states) => states.at(-1) === 'ended');
    await until(() => sample.connections.count === 0);
    await until(() => sample.log.some((line) => /^Stopped after \d+ of 300 rows/.test(line)));
    await page.getByText(/^Stopped/).waitFor();
    expect(await page.getByRole('button', { name: 'Import' }).isEnabled()).toBe(true);
  });

  it('says what the server says of a body that it does not take', async () => {
    await start('sku,name,price,stock');
    await page.getByText('rows should not be empty').waitFor();
    expect(await recorder.shown('state')).toEqual(['not started', 'connecting', 'ended']);
  });
});
