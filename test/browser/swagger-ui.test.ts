import type { Locator, Page } from 'playwright-core';
import { describeWithChromium } from '../support/chromium';
import { chromiumPages } from './support/chromium-pages';
import { collectFindings } from './support/page-findings';
import { closeSampleApps, startSampleApp } from './support/sample-app';

jest.setTimeout(60_000);

describeWithChromium('Swagger UI', () => {
  const pages = chromiumPages();
  let page: Page;
  let findings: string[];
  beforeEach(async () => {
    const sample = await startSampleApp();
    page = await pages.open();
    findings = collectFindings(page);
    await page.goto(`${sample.url}/docs`);
  });
  afterEach(closeSampleApps);

  const operation = (route: string): Locator => page.getByRole('button', { name: route, exact: true });

  it('lists the streams beside the ordinary routes, and shows what one takes and sends: parameters, wire form and schema', async () => {
    for (const route of [
      'GET /stocks',
      'GET /stocks/halts',
      'GET /stocks/latest',
      'POST /stocks/prices',
      'GET /parcels/{code}/events',
      'GET /system',
      'POST /imports',
    ]) {
      await operation(route).waitFor();
    }
    await operation('GET /stocks').click();
    const parameters = page.locator('tr[data-param-name]');
    await parameters.first().waitFor();
    const names = await parameters.evaluateAll((rows: { dataset: Record<string, string> }[]) =>
      rows.map(({ dataset }) => `${dataset['paramIn']} ${dataset['paramName']}`),
    );
    expect(names.toSorted()).toEqual(['header Last-Event-ID', 'query symbol']);
    const ok = page.locator('tr.response[data-code="200"]');
    expect(await ok.getByLabel('Media Type').inputValue()).toBe('text/event-stream');
    const example = await ok.getByRole('tabpanel').innerText();
    expect(example).toMatch(/^id: \S+\ndata: \{"symbol":"ACME","price":101.25,"sequence":1234,"at":"[^"]+"\}/);
    await ok.getByRole('tab', { name: 'Schema' }).click();
    await ok.getByText('StockPrice').first().waitFor();
    expect(findings).toEqual([]);
  });

  it('shows an example of each event where they have names', async () => {
    await operation('POST /imports').click();
    const ok = page.locator('tr.response[data-code="200"]');
    expect(await ok.getByLabel('Media Type').inputValue()).toBe('text/event-stream');
    for (const name of ['progress', 'rejected', 'summary']) {
      await ok.locator('.examples-select-element').selectOption({ label: `event: ${name}` });
      await ok.getByRole('tabpanel').getByText(`event: ${name}`).waitFor();
    }
    expect(findings).toEqual([]);
  });
});
