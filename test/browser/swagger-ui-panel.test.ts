import type { BrowserContextOptions, Page } from 'playwright-core';
import { closeApps } from '../support/app';
import { describeWithChromium } from '../support/chromium';
import { chromiumPages } from './support/chromium-pages';
import { eventually } from './support/eventually';
import { styleOf } from './support/computed-style';
import { failOnFaults } from './support/page-faults';
import { collectFindings } from './support/page-findings';
import { startSwaggerUiApp, type SwaggerUiApp } from './support/swagger-ui-app';
import { OperationOnPage } from './support/swagger-ui-page';

jest.setTimeout(60_000);

/** What is measured of an element that scrolls. */
interface Scrollable {
  scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

/** How often an element changes in about two seconds. Runs in the page. */
function countChanges(element: object): Promise<[changes: number, milliseconds: number]> {
  const { MutationObserver: Observer } = globalThis as unknown as {
    MutationObserver: new (run: () => void) => { observe(target: object, options: object): void };
  };
  return new Promise((resolve) => {
    const start = performance.now();
    let changes = 0;
    new Observer(() => changes++).observe(element, { characterData: true, subtree: true, childList: true });
    setTimeout(() => resolve([changes, performance.now() - start]), 2_000);
  });
}

describeWithChromium('The panel of a stream in Swagger UI', () => {
  const pages = chromiumPages();
  let app: SwaggerUiApp;
  let page: Page;
  let findings: string[];
  const execute = async (route: string, options: BrowserContextOptions = {}): Promise<OperationOnPage> => {
    app = await startSwaggerUiApp('express');
    page = await pages.open(options);
    findings = collectFindings(page);
    await page.goto(`${app.url}/docs`);
    const operation = new OperationOnPage(page, route);
    await operation.execute();
    return operation;
  };
  const untilTotal = (stream: OperationOnPage, least: number): Promise<number> =>
    eventually(
      () => stream.total(),
      (total) => total >= least,
    );
  afterEach(async () => {
    await closeApps();
    failOnFaults(findings);
  });

  it('keeps the last 200 events of a flood, counts them all, and can be stopped in it', async () => {
    const flood = await execute('GET /flood');
    await untilTotal(flood, 5_000);
    await flood.panel.getByText('last 200 kept').waitFor();
    await flood.button('Stop').click();
    await flood.untilState('Stopped');
    await eventually(
      () => app.connections.count,
      (open) => open === 0,
    );
    const total = await flood.total();
    const ids = await flood.events.locator('.sse-stream__id').allInnerTexts();
    expect(ids).toHaveLength(200);
    expect([ids[0], ids[199]]).toEqual([`id ${total - 199}`, `id ${total}`]);
  });

  it('is rendered at most every 50 ms', async () => {
    // An event each 20 ms: so few that nothing but the bound keeps the page from rendering each of them.
    const ticks = await execute('GET /ticks');
    await untilTotal(ticks, 5);
    const [changes, milliseconds] = await ticks.panel.locator('.sse-stream__figures').evaluate(countChanges);
    expect(changes).toBeGreaterThan(0);
    // One each second on top lets the rate fall.
    expect(changes).toBeLessThanOrEqual(milliseconds / 50 + milliseconds / 1_000 + 2);
  });

  it('shows the beginning of what is too long, and says so', async () => {
    const large = await execute('GET /large', { viewport: { width: 390, height: 844 } });
    const long = await large.untilEvent(/^[\d:.]+long/);
    const many = await large.untilEvent(/^[\d:.]+many/);
    const [longData, manyData] = [long.locator('code'), many.locator('code')];
    expect((await longData.innerText()).length).toBe(1_500);
    expect((await manyData.innerText()).split('\n')).toHaveLength(20);
    const more = long.getByRole('button', { name: 'Show more' });
    await more.focus();
    await page.keyboard.press('Enter');
    await long.getByText('Only the first 10,000 of 3,000,002 characters are shown.').waitFor();
    expect((await longData.innerText()).length).toBe(10_000);
    await many.getByRole('button', { name: 'Show more' }).click();
    await many.getByText('Only the first 200 lines are shown; the data has 4,001 characters.').waitFor();
    expect((await manyData.innerText()).split('\n')).toHaveLength(200);
    await many.getByRole('button', { name: 'Show less' }).click();
    expect((await manyData.innerText()).split('\n')).toHaveLength(20);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  it.each(['GET /line-breaks', 'GET /no-json'])('keeps the page small under %s', async (route) => {
    app = await startSwaggerUiApp('express');
    page = await pages.open();
    findings = collectFindings(page);
    await page.goto(`${app.url}/docs`);
    const flood = new OperationOnPage(page, route);
    await flood.execute();
    await flood.untilState('Ended');
    await eventually(
      () => flood.panel.locator('.sse-stream__event').count(),
      (count) => count === (route === 'GET /no-json' ? 200 : 1),
    );
    expect(await flood.panel.locator('*').count()).toBeLessThan(20_000);
  });

  it('shows the events of one name, and keeps those while others come', async () => {
    const ticks = await execute('GET /ticks');
    await ticks.untilEvent('fifth');
    await ticks.filter('fifth');
    await eventually(
      () => ticks.events.locator('.sse-stream__name').allInnerTexts(),
      (names) => names.length >= 3 && names.every((name) => name === 'fifth'),
    );
    await ticks.filter('');
    await ticks.untilEvent('tick');
    expect(await ticks.panel.getByLabel('Filter by event name').locator('option').allInnerTexts()).toEqual([
      'All events',
      expect.stringMatching(/^fifth \(\d+\)$/),
      expect.stringMatching(/^tick \(\d+\)$/),
    ]);
  });

  it('forgets the events with "Clear events", and goes on', async () => {
    const ticks = await execute('GET /ticks');
    await ticks.untilEvent('id 4');
    await ticks.button('Stop').click();
    await ticks.untilState('Stopped');
    await ticks.button('Clear events').click();
    await ticks.panel.getByText('No events.').waitFor();
    expect(await ticks.total()).toBe(0);
    await ticks.button('Resume').click();
    await untilTotal(ticks, 2);
    expect(app.requests('/ticks')[1]!.lastEventId).toMatch(/^\d+$/);
  });

  it('scrolls along near the newest event only', async () => {
    const ticks = await execute('GET /ticks');
    const list = ticks.panel.getByRole('log', { name: 'Events' });
    const below = (): Promise<number> =>
      list.evaluate(({ scrollHeight, scrollTop, clientHeight }: Scrollable) => scrollHeight - scrollTop - clientHeight);
    await untilTotal(ticks, 10);
    expect(await below()).toBeLessThan(5);
    await list.evaluate((element: Scrollable) => {
      element.scrollTop = 0;
    });
    await untilTotal(ticks, (await ticks.total()) + 10);
    expect(await list.evaluate((element: Scrollable) => element.scrollTop)).toBe(0);
    await list.evaluate((element: Scrollable) => {
      element.scrollTop = element.scrollHeight;
    });
    await untilTotal(ticks, (await ticks.total()) + 10);
    expect(await below()).toBeLessThan(5);
  });

  it('can be used with the keyboard: the focus is seen, and stays when Stop becomes Resume', async () => {
    const ticks = await execute('GET /ticks');
    await ticks.untilState('Open');
    await ticks.panel.getByLabel('Filter by event name').focus();
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    expect(await focused.innerText()).toBe('Stop');
    expect(await styleOf(focused, 'outline')).toContain('solid 2px');
    await page.keyboard.press('Enter');
    await ticks.untilState('Stopped');
    expect(await focused.innerText()).toBe('Resume');
    await page.keyboard.press('Enter');
    await ticks.untilState('Open');
    await page.keyboard.press('Tab');
    expect(await focused.innerText()).toBe('Clear events');
    await page.keyboard.press('Tab');
    expect(await focused.getAttribute('aria-label')).toBe('Events');
  });

  it.each([
    ['light', { width: 1280, height: 800 }, 'rgb(59, 65, 81)'],
    ['dark', { width: 390, height: 844 }, 'rgb(228, 230, 230)'],
  ] as const)('follows the page: %s, %o', async (colorScheme, viewport, color) => {
    const ticks = await execute('GET /ticks', { colorScheme, viewport });
    await ticks.untilEvent('id 3');
    const style = (selector: string, property: string): Promise<string> =>
      styleOf(ticks.block.locator(selector).first(), property);
    expect(await style('.sse-stream__figures', 'color')).toBe(color);
    expect(await style('.sse-stream h5', 'color')).toBe(color);
    expect(await style('.sse-stream__toolbar', 'display')).toBe('flex');
    expect(await style('.sse-stream__string', 'color')).toBe('rgb(162, 252, 162)');
    expect(await style('.sse-stream__events', 'background-color')).toBe(
      await style('.request-url pre', 'background-color'),
    );
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
  });
});
