import type { Page } from 'playwright-core';
import { ADAPTERS, closeApps } from '../support/app';
import { describeWithChromium } from '../support/chromium';
import { chromiumPages } from './support/chromium-pages';
import { eventually } from './support/eventually';
import { failOnFaults } from './support/page-faults';
import { collectFindings } from './support/page-findings';
import { startSwaggerUiApp, type SwaggerUiApp, type SwaggerUiAppOptions } from './support/swagger-ui-app';
import { OperationOnPage } from './support/swagger-ui-page';

jest.setTimeout(60_000);

describeWithChromium('A stream in Swagger UI', () => {
  const pages = chromiumPages();
  afterEach(async () => {
    await closeApps();
    failOnFaults(findings);
  });

  let findings: string[];

  describe.each(ADAPTERS)('on %s', (adapter) => {
    let app: SwaggerUiApp;
    let page: Page;
    const visit = async (options: SwaggerUiAppOptions = {}, path = '/docs'): Promise<void> => {
      app = await startSwaggerUiApp(adapter, options);
      page = await pages.open();
      findings = collectFindings(page);
      await page.goto(`${app.url}${path}`);
    };
    const operation = (route: string): OperationOnPage => new OperationOnPage(page, route);
    const untilStreams = (count: number): Promise<number> =>
      eventually(
        () => app.connections.count,
        (open) => open === count,
      );

    it('shows each event as it arrives: time, name, id and JSON in lines', async () => {
      await visit();
      const ticks = operation('GET /ticks');
      await ticks.execute();
      const fifth = await ticks.untilEvent(/^[\d:.]+fifthid 5\{/);
      expect(await fifth.locator('time').innerText()).toMatch(/^\d\d:\d\d:\d\d\.\d\d\d$/);
      expect(await fifth.locator('code').innerText()).toBe('{\n  "n": 5,\n  "text": "é 漢 🎉",\n  "tags": []\n}');
      await ticks.untilState('Open');
      await eventually(
        () => ticks.panel.locator('.sse-stream__figures').innerText(),
        (figures) => /^\d+ events · [1-9][\d.]*\/s$/.test(figures),
      );
      expect(app.connections.count).toBe(1);
      expect(findings).toEqual([]);
    });

    it('leaves curl, request, status and headers as they are shown for any response', async () => {
      await visit();
      const ticks = operation('GET /ticks');
      await ticks.execute();
      await ticks.untilState('Open');
      const live = ticks.block.locator('.responses-inner').first();
      expect(await live.locator('.curl-command').innerText()).toContain("-H 'accept: text/event-stream'");
      expect(await live.locator('.request-url pre').innerText()).toBe(`${app.url}/ticks`);
      expect(await live.locator('.live-responses-table .response-col_status').last().innerText()).toBe('200');
      expect(await live.getByText('content-type: text/event-stream').count()).toBe(1);
    });

    it('ends on the server with Stop, and goes on with Resume after the last id, without a hole or a double', async () => {
      await visit();
      const ticks = operation('GET /ticks');
      await ticks.execute();
      await ticks.untilEvent('id 7');
      await ticks.button('Stop').click();
      await ticks.untilState('Stopped');
      await untilStreams(0);
      const stoppedAt = await ticks.total();
      await ticks.button('Resume').click();
      await ticks.untilState('Open');
      await ticks.untilEvent(new RegExp(`id ${stoppedAt + 3}`));
      expect(app.requests('/ticks').map(({ lastEventId }) => lastEventId)).toEqual([undefined, String(stoppedAt)]);
      const ids = await ticks.events.locator('.sse-stream__id').allInnerTexts();
      expect(ids).toEqual(ids.map((_, index) => `id ${index + 1}`));
      await ticks.button('Stop').click();
      await untilStreams(0);
    });

    it.each([
      ['Cancel of the try-out', (stream: OperationOnPage) => stream.button('Cancel').click()],
      ['collapsing the operation', (stream: OperationOnPage) => stream.toggle()],
      [
        'collapsing its tag',
        (stream: OperationOnPage) => stream.page.getByRole('button', { name: 'Collapse operation' }).first().click(),
      ],
      ['Clear', (stream: OperationOnPage) => stream.button('Clear').click()],
      ['leaving the page', (stream: OperationOnPage) => stream.page.goto('about:blank')],
      ['closing the page', (stream: OperationOnPage) => stream.page.close()],
    ])('ends on the server with %s', async (_what, leave) => {
      await visit();
      const ticks = operation('GET /ticks');
      await ticks.execute();
      await ticks.untilEvent('id 3');
      expect(app.connections.count).toBe(1);
      await leave(ticks);
      expect(await untilStreams(0)).toBe(0);
    });

    it('ends on the server with a second Execute, which begins anew', async () => {
      await visit();
      const ticks = operation('GET /ticks');
      await ticks.execute();
      await ticks.untilEvent('id 9');
      const [first] = app.connections;
      await ticks.button('Execute').click();
      await eventually(
        () => first!.signal.aborted,
        (isAborted) => isAborted,
      );
      await ticks.untilState('Open');
      await ticks.untilEvent('id 2');
      await untilStreams(1);
      expect(app.requests('/ticks').map(({ lastEventId }) => lastEventId)).toEqual([undefined, undefined]);
      expect(await ticks.events.first().locator('.sse-stream__id').innerText()).toBe('id 1');
      expect(await ticks.panel.count()).toBe(1);
    });

    it('is given up with Cancel also while the server has not answered', async () => {
      await visit();
      const slow = operation('GET /slow');
      await slow.tryOut();
      const [request] = await Promise.all([
        page.waitForRequest((sent) => sent.url().endsWith('/slow')),
        slow.button('Execute').click(),
      ]);
      const failed = page.waitForEvent('requestfailed', (lost) => lost === request);
      await slow.button('Cancel').click();
      await failed;
      await slow.block.getByText('The stream was stopped before it opened.').waitFor();
      expect(await untilStreams(0)).toBe(0);
    });

    it('stops when a stream of another operation opens', async () => {
      await visit();
      const ticks = operation('GET /ticks');
      const others = operation('GET /others');
      await ticks.execute();
      await ticks.untilEvent('id 2');
      await others.execute();
      await others.untilEvent('"from": "others"');
      await ticks.untilState('Stopped');
      await ticks.untilNote('another stream was opened');
      await untilStreams(1);
      await ticks.button('Resume').click();
      await ticks.untilState('Open');
      await others.untilState('Stopped');
      expect(await untilStreams(1)).toBe(1);
    });

    it('stays open beside others where several are allowed', async () => {
      await visit({ options: { concurrentStreams: 2 } });
      const [ticks, others, imports] = ['GET /ticks', 'GET /others', 'POST /imports'].map(operation);
      await ticks!.execute();
      await ticks!.untilEvent('id 2');
      await others!.execute();
      await others!.untilState('Open');
      await untilStreams(2);
      await ticks!.untilState('Open');
      await imports!.execute();
      await imports!.untilState('Open');
      await ticks!.untilState('Stopped');
      expect(await untilStreams(2)).toBe(2);
    });

    it('takes a body with POST, and sends it again with Resume', async () => {
      await visit();
      const imports = operation('POST /imports');
      await imports.tryOut();
      await imports.block.locator('textarea').fill('{"rows": 42}');
      await imports.button('Execute').click();
      await imports.untilEvent(/"rows": 42.*"after": null/s);
      await imports.button('Stop').click();
      await untilStreams(0);
      await imports.button('Resume').click();
      await imports.untilEvent(/"rows": 42.*"after": "first"/s);
      expect(app.requests('/imports')).toHaveLength(2);
    });

    it('does not do again by itself what a POST did', async () => {
      await visit();
      const imports = operation('POST /imports');
      await imports.execute();
      await imports.untilState('Open');
      app.cutConnections();
      await imports.untilState('Error');
      await imports.untilNote('The connection was lost.');
      expect(app.requests('/imports')).toHaveLength(1);
      await imports.button('Resume').click();
      await imports.untilState('Open');
    });

    it('reconnects after a network drop, after the time that the stream gave, with the last id', async () => {
      await visit();
      const ticks = operation('GET /ticks');
      await ticks.execute();
      await ticks.untilEvent('id 3');
      app.cutConnections();
      await eventually(
        () => app.requests('/ticks').length,
        (count) => count === 2,
      );
      await ticks.untilState('Open');
      const after = Number(app.requests('/ticks')[1]!.lastEventId);
      expect(after).toBeGreaterThanOrEqual(3);
      await ticks.untilEvent(`id ${after + 2}`);
      await untilStreams(1);
    });

    it('ends its reconnecting with Stop', async () => {
      await visit();
      const ticks = operation('GET /failing');
      await ticks.execute();
      await ticks.untilState('Reconnecting');
      await ticks.button('Stop').click();
      await ticks.untilState('Stopped');
      expect(app.requests('/failing')).toHaveLength(1);
    });

    it('says why it is not taken back', async () => {
      await visit();
      const once = operation('GET /once');
      await once.execute();
      await once.untilEvent('only');
      app.cutConnections();
      await once.untilState('Error');
      await once.untilNote(/The server answered 403 Forbidden\. .*Only once/);
      expect(app.requests('/once')).toHaveLength(2);
    });

    it('shows the end that the server tells of', async () => {
      await visit();
      for (const route of ['GET /finite', 'GET /named-end']) {
        const finite = operation(route);
        await finite.execute();
        await finite.untilState('Ended');
        await finite.untilNote('The stream has ended.');
        expect(await finite.button('Resume').isDisabled()).toBe(true);
      }
      expect(await operation('GET /finite').events.locator('strong').allInnerTexts()).toEqual(['one', 'two']);
      expect(await operation('GET /named-end').events.locator('strong').allInnerTexts()).toEqual(['one']);
      const ends = await page.locator('.sse-stream__end').allInnerTexts();
      expect(ends.map((end) => end.replaceAll(/\s+/g, ' '))).toEqual([
        expect.stringMatching(/^[\d:.]+ ?The stream has ended ?end ?id ~end$/),
        expect.stringMatching(/^[\d:.]+ ?The stream has ended ?done ?id ~end$/),
      ]);
      // The end is none of the events: neither counted nor among the names.
      expect(await operation('GET /finite').total()).toBe(2);
      const names = operation('GET /finite').panel.locator('option');
      expect(await names.allInnerTexts()).toEqual(['All events', 'one (1)', 'two (1)']);
      expect(app.requests('/finite')).toHaveLength(1);
      expect(await untilStreams(0)).toBe(0);
    });

    it('shows an error within it as an error', async () => {
      await visit();
      const failing = operation('GET /failing');
      await failing.execute();
      const error = await failing.untilEvent('stream-error');
      expect(await error.getAttribute('class')).toContain('sse-stream__event--error');
      expect(await error.locator('code').innerText()).toContain('Not for you');
      // The id is that of the event before: this one has none.
      expect(await failing.events.locator('.sse-stream__id').count()).toBe(1);
      await failing.untilState('Reconnecting');
      // The route's 60 seconds, up to doubled.
      await failing.untilNote(/The stream ended with an error; trying again in (?:[6-9]\d|1[01]\d|120)(?:\.\d)? s/);
      expect(await untilStreams(0)).toBe(0);
    });

    it('sends the token of Authorize, also with Resume', async () => {
      await visit();
      await page.getByRole('button', { name: 'Authorize' }).first().click();
      await page.getByLabel('auth-bearer-value').fill('letmein');
      await page.getByLabel('Apply credentials').click();
      await page.getByRole('button', { name: 'Close' }).click();
      const secret = operation('GET /private');
      await secret.execute();
      await secret.untilEvent('"open": true');
      await secret.button('Stop').click();
      await secret.button('Resume').click();
      await secret.untilState('Open');
      const tokens = app.requests('/private').map(({ headers }) => headers.authorization);
      expect(tokens).toEqual(['Bearer letmein', 'Bearer letmein']);
    });

    it.each([
      ['GET /missing', '404', 'No such stream'],
      ['GET /private', '401', 'A token is needed'],
    ])('that does not open, %s, is shown as any error %s', async (route, status, message) => {
      await visit();
      const refused = operation(route);
      await refused.execute();
      const response = refused.block.locator('.live-responses-table');
      await response.getByText(message).waitFor();
      expect(await response.locator('.response-col_status').last().innerText()).toContain(status);
      expect(await response.locator('h5').allInnerTexts()).toEqual(['Response body', 'Response headers']);
      expect(await refused.panel.count()).toBe(0);
    });

    it('leaves other operations alone, and is left alone by them', async () => {
      await visit();
      const ticks = operation('GET /ticks');
      const plain = operation('GET /plain');
      await ticks.execute();
      await ticks.untilState('Open');
      await plain.execute();
      await plain.block.locator('.live-responses-table').getByText('"plain"').waitFor();
      expect(await plain.panel.count()).toBe(0);
      await ticks.untilState('Open');
      expect(app.connections.count).toBe(1);
      expect(findings).toEqual([]);
    });

    it('opens under a global prefix and at another path', async () => {
      await visit({ prefix: 'api/v2', path: 'reference/ui' }, '/api/v2/reference/ui');
      const ticks = operation('GET /api/v2/ticks');
      await ticks.execute();
      await ticks.untilEvent('id 2');
      expect(findings).toEqual([]);
    });
  });
});
