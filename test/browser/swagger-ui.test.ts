import type { Locator, Page } from 'playwright-core';
import { describeWithChromium } from '../support/chromium';
import { chromiumPages } from './support/chromium-pages';
import { eventually } from './support/eventually';
import { collectFindings } from './support/page-findings';
import { closeSampleApps, startSampleApp, type SampleApp } from './support/sample-app';
import { OperationOnPage } from './support/swagger-ui-page';

jest.setTimeout(60_000);

describeWithChromium('Swagger UI', () => {
  const pages = chromiumPages();
  let sample: SampleApp;
  let page: Page;
  let findings: string[];
  beforeEach(async () => {
    sample = await startSampleApp();
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
    expect(names.toSorted()).toEqual(['header Last-Event-ID', 'query lastEventId', 'query symbol']);
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

  it('shows the events of the endless stream as they arrive, until Stop closes it on the server', async () => {
    const readings = new OperationOnPage(page, 'GET /system');
    await readings.execute();
    await readings.untilEvent(/reading\{/);
    await readings.untilState('Open');
    expect(sample.streams('LiveSystemView.events')).toHaveLength(1);
    await readings.button('Stop').click();
    await readings.untilState('Stopped');
    await eventually(
      () => sample.connections.count,
      (open) => open === 0,
    );
    expect(findings.filter((finding) => !finding.includes('ERR_ABORTED'))).toEqual([]);
  });

  it('runs under the policy of the pages: no script but files of this server', async () => {
    const response = await page.goto(`${sample.url}/docs`);
    expect(response!.headers()['content-security-policy']).toMatch(/^default-src 'self'; (?!.*script-src)/);
    await operation('GET /system').waitFor();
    expect(findings).toEqual([]);
  });
});
