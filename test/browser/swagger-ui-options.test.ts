import type { Page } from 'playwright-core';
import { ADAPTERS, closeApps } from '../support/app';
import { describeWithChromium } from '../support/chromium';
import { chromiumPages } from './support/chromium-pages';
import { styleOf } from './support/computed-style';
import { failOnFaults } from './support/page-faults';
import { collectFindings } from './support/page-findings';
import { startSwaggerUiApp, type SwaggerUiAppOptions } from './support/swagger-ui-app';
import { OperationOnPage } from './support/swagger-ui-page';

jest.setTimeout(60_000);

// What follows runs in the page: SwaggerModule writes these functions into a script as they stand here.
const addHeader = 'function (request) { request.headers["X-From-Interceptor"] = "yes"; return request; }';
const countResponses = 'function (response) { window.responses = (window.responses || 0) + 1; return response; }';
const ownFetch = `function () { return { statePlugins: { spec: { wrapActions: { executeRequest: (original) => (request) => original({
  ...request, userFetch: (url, init) => { window.fetched = (window.fetched || 0) + 1; return fetch(url, init); } }) } } } }; }`;
const frameBody = `function (Original, system) { return function Framed(props) {
  return system.React.createElement('section', { 'data-framed': 'yes' }, system.React.createElement(Original, props)); }; }`;

/** A function that no compiler has touched. */
const inPage = (text: string): (() => void) =>
  Object.defineProperty(() => undefined, 'toString', { value: () => text });

describeWithChromium('sseSwaggerOptions in the page', () => {
  const pages = chromiumPages();
  let page: Page;
  let findings: string[];
  afterEach(async () => {
    await closeApps();
    failOnFaults(findings);
  });

  describe.each(ADAPTERS)('on %s', (adapter) => {
    const open = async (given: SwaggerUiAppOptions) => {
      const app = await startSwaggerUiApp(adapter, given);
      page = await pages.open();
      findings = collectFindings(page);
      await page.goto(`${app.url}/docs`);
      await page.locator('.opblock').first().waitFor();
      return app;
    };

    it("leaves the user's interceptors, plugins of both kinds and page in force", async () => {
      const app = await open({
        options: {
          customSiteTitle: 'Mine',
          customCss: '.swagger-ui .topbar { background: rgb(1, 2, 3) }',
          swaggerOptions: {
            requestInterceptor: inPage(addHeader),
            responseInterceptor: inPage(countResponses),
            plugins: [inPage(ownFetch), { wrapComponents: { responseBody: inPage(frameBody) } }],
          },
        },
      });
      const ticks = new OperationOnPage(page, 'GET /ticks');
      await ticks.execute();
      await ticks.untilEvent('id 3');
      expect(app.requests('/ticks')[0]!.headers['x-from-interceptor']).toBe('yes');
      expect(await page.evaluate('[responses, fetched]')).toEqual([1, 1]);
      expect(await ticks.block.locator('[data-framed] .sse-stream').count()).toBe(1);
      expect(await page.title()).toBe('Mine');
      expect(await styleOf(page.locator('.topbar'), 'background-color')).toBe('rgb(1, 2, 3)');
      await ticks.button('Stop').click();
      await ticks.untilState('Stopped');
      await ticks.button('Resume').click();
      await ticks.untilState('Open');
      expect(app.requests('/ticks')[1]!.headers['x-from-interceptor']).toBe('yes');
      expect(await page.evaluate('fetched')).toBe(2);
    });

    it('changes nothing on the page but the bodies of streams', async () => {
      const look = async (panel: boolean): Promise<string[]> => {
        const app = await open({ panel });
        const plain = new OperationOnPage(page, 'GET /plain');
        await plain.execute();
        await plain.block.locator('.live-responses-table').getByText('"plain"').waitFor();
        await new OperationOnPage(page, 'POST /imports').tryOut();
        await new OperationOnPage(page, 'POST /imports').button('Execute').waitFor();
        const html = await page.locator('#swagger-ui').innerHTML();
        return html
          .replaceAll(String(app.port), 'PORT')
          .replaceAll(
            /response_\d+|(aria-controls|aria-labelledby|id)="[^"]{7}="|(date|keep-alive|etag): [^<]*|blob:[^"]*/g,
            '',
          )
          .split('<');
      };
      expect(await look(true)).toEqual(await look(false));
    });
  });
});
