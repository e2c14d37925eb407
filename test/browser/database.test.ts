import type { Page } from 'playwright-core';
import { Database } from '../../sample/08-database/database';
import { Readings } from '../../sample/08-database/readings';
import { describeWithChromium } from '../support/chromium';
import { until } from '../support/until';
import { chromiumPages } from './support/chromium-pages';
import { eventually } from './support/eventually';
import { failOnFaults } from './support/page-faults';
import { collectFindings } from './support/page-findings';
import { PageRecorder } from './support/page-recorder';
import { closeSampleApps, startSampleApp, type SampleApp } from './support/sample-app';

// PGlite takes seconds to start.
jest.setTimeout(120_000);

const STREAM = 'ReadingsView.events';
const PATIENCE = 60_000;

const degrees = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

interface Row {
  readonly sensor: string;
  readonly celsius: number;
  readonly source: string;
}

describeWithChromium('The page of the database', () => {
  const pages = chromiumPages();
  let sample: SampleApp;
  let findings: string[][];

  beforeEach(async () => {
    sample = await startSampleApp();
    findings = [];
  });
  afterEach(closeSampleApps);
  afterEach(() => findings.forEach(failOnFaults));

  const openPage = async (): Promise<{ page: Page; recorder: PageRecorder }> => {
    const page = await pages.open({ locale: 'en-GB' });
    findings.push(collectFindings(page));
    const recorder = await PageRecorder.on(page);
    await page.goto(`${sample.url}/08-database/`);
    await page.getByRole('row').nth(1).waitFor({ timeout: PATIENCE });
    return { page, recorder };
  };

  /** The rows of the table on the page as they came, without their times. */
  const shown = async (recorder: PageRecorder): Promise<string[]> =>
    (await recorder.shown('readings')).map((text) => text.replace(/^[\d:]+/, ''));

  const query = async <T>(sql: string, values?: unknown[]): Promise<T[]> =>
    (await (await sample.app.get(Database).open()).query<T>(sql, values)).rows;

  /** Every row in the database in commit order, as the page writes them. */
  const written = async (): Promise<string[]> =>
    (await query<Row>('SELECT sensor, celsius, source FROM sample_readings ORDER BY xid, id')).map(
      ({ sensor, celsius, source }) => `${sensor}${degrees.format(celsius)} °C${source}`,
    );

  const untilState = (page: Page, state: string): Promise<void> =>
    page.locator(`#state[data-state="${state}"]`).waitFor();

  it('shows the last minute on load, with a chart and the newest reading of each sensor, and goes on', async () => {
    const { page, recorder } = await openPage();
    await eventually(
      () => shown(recorder),
      (rows) => rows.length >= 4 * 59,
    );
    const cards = page.locator('#sensors > li');
    expect(await cards.getByRole('heading').allTextContents()).toEqual(['Cellar', 'Greenhouse', 'Kitchen', 'Roof']);
    for (const card of await cards.all()) {
      expect(await card.locator('.figure-value').textContent()).toMatch(/^-?\d+\.\d$/);
      expect((await card.locator('.chart-line').getAttribute('d'))!.split('L').length).toBeGreaterThan(50);
    }
    const before = (await shown(recorder)).length;
    await eventually(
      () => shown(recorder),
      (rows) => rows.length >= before + 8,
    );
    expect(await page.getByRole('row').count()).toBe(13);
    expect(await shown(recorder)).toEqual((await written()).slice(0, (await shown(recorder)).length));
  });

  it('inserts what is written in the form, which appears on every page, and says what is wrong with it', async () => {
    const [one, other] = [await openPage(), await openPage()];
    await one.page.getByLabel('Sensor', { exact: true }).selectOption('Roof');
    await one.page.getByLabel('Temperature in °C').fill('33.5');
    await one.page.getByRole('button', { name: 'Insert' }).click();
    await one.page.getByText('Inserted', { exact: true }).waitFor();
    for (const { recorder } of [one, other]) {
      const rows = await eventually(
        () => shown(recorder),
        (all) => all.includes('Roof33.5 °Cform'),
      );
      expect(rows.filter((row) => row.endsWith('form'))).toHaveLength(1);
    }
    await one.page.getByLabel('Temperature in °C').fill('99');
    await one.page.getByRole('button', { name: 'Insert' }).click();
    await one.page.getByText('celsius must not be greater than 60').waitFor();
  });

  it('shows a row that SQL wrote, with whatever text is in it', async () => {
    const { page, recorder } = await openPage();
    await query('INSERT INTO sample_readings (sensor, celsius) VALUES ($1, -4)', ['<img src=x onerror=alert(1)>']);
    await eventually(
      () => shown(recorder),
      (rows) => rows.includes('<img src=x onerror=alert(1)>-4.0 °CSQL'),
    );
    await page.getByRole('heading', { name: '<img src=x onerror=alert(1)>' }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
  });

  it.each([
    {
      how: 'it was offline',
      leave: async (page: Page) => {
        await page.context().setOffline(true);
        await untilState(page, 'reconnecting');
        await until(() => sample.streams(STREAM).length === 0, PATIENCE);
      },
      comeBack: (page: Page) => page.context().setOffline(false),
    },
    {
      how: 'its connection was reset',
      leave: async () => sample.cutConnections(),
      comeBack: async () => {},
    },
  ])('goes on without a hole and without a double after $how', async ({ leave, comeBack }) => {
    const { page, recorder } = await openPage();
    const before = (await shown(recorder)).length;
    await leave(page);
    const missed = Array.from({ length: 30 }, (_, number) => `missed ${number}`);
    for (const sensor of missed) {
      await sample.app.get(Readings).add([{ sensor, celsius: 1, source: 'form' }]);
    }
    await comeBack(page);
    await untilState(page, 'open');
    const rows = await eventually(
      () => shown(recorder),
      (all) => all.length >= before + 40 && all.includes('missed 291.0 °Cform'),
      PATIENCE,
    );
    expect(rows).toEqual((await written()).slice(0, rows.length));
  });

  it('begins anew, with the last minute, when the database is another one', async () => {
    const { page, recorder } = await openPage();
    await sample.close();
    await untilState(page, 'reconnecting');
    const before = (await shown(recorder)).length;
    sample = await startSampleApp(sample.port);
    const rows = await eventually(
      () => shown(recorder),
      (all) => all.length >= before + 4 * 59,
      PATIENCE,
    );
    expect(rows.slice(before)).toEqual((await written()).slice(0, rows.length - before));
  });
});
