import { samples } from '../../sample/samples';
import { describeWithEngines } from '../support/engines/describe-with-engines';
import type { HttpProxy } from '../support/http-proxy';
import { describeWithRedis } from '../support/redis-server';
import { ProbedPage } from './support/probed-page';
import { closeSampleApps, startSampleApp, type SampleApp } from './support/sample-app';
import { sendNotification } from './support/send-notification';
import { endTwoInstances, startTwoInstances, type TwoInstancesProgram } from './support/two-instances-program';

jest.setTimeout(120_000);

/** What shows that a page's stream brings something, by the sample's folder. */
const LIVE: Readonly<Record<string, (page: ProbedPage, url: string) => Promise<void>>> = {
  '01-stock-prices': async (page) => {
    await page.untilText('#halts-state', /^open$/);
    await page.untilText('#count', /^([3-9]|\d\d+)$/);
  },
  // A stream that ends: the badge says so, and each message came once.
  '02-typed-messages': async (page) => {
    await page.untilText('#state', /^ended$/);
    expect(await page.texts('#messages .event-name')).toEqual([
      'ParcelPickedUp',
      'ParcelMoved',
      'ParcelMoved',
      'ParcelMoved',
      'ParcelDelivered',
    ]);
  },
  '03-live-system': (page) => page.untilText('#cpu', /^\d+\.\d %$/),
  '04-import': async (page) => {
    await page.click('#start');
    await page.untilText('#summary', /^\d+ imported, \d+ rejected$/);
    await page.untilText('#done', /^20 of 20 rows$/);
  },
  '05-notifications': async (page, url) => {
    await page.untilText('#state', /^open$/);
    await sendNotification(url, 'Is anybody there?');
    await page.untilText('#notifications li', /^Is anybody there\?/);
  },
  '06-chat-rooms': async (page) => {
    await page.untilText('#state', /^open$/);
    await page.fill('#name', 'Ada');
    await page.click('#visitor button');
    await page.untilText('#visitor button', /^Change$/);
    await page.fill('#text', 'Good morning');
    await page.click('#say button');
    await page.untilTexts('#messages .bubble', (bubbles) => bubbles.some((text) => text.includes('Good morning')));
  },
  // The database is opened with the first page that needs it, which takes seconds.
  '08-database': (page) => page.untilText('#readings tr', /°C/, 60_000),
};

let sample: SampleApp;
let proxy: HttpProxy;
beforeAll(async () => {
  sample = await startSampleApp();
  proxy = await ProbedPage.proxy(sample.port);
});
afterAll(async () => {
  await proxy?.close();
  await closeSampleApps();
});

/** Starts with the first test that needs it. */
let twoInstances: TwoInstancesProgram | undefined;
afterAll(endTwoInstances);

describeWithEngines('A page of the samples', (engine) => {
  it.each(samples.map(({ folder }) => folder))('shows what comes, and has no fault: %s', async (folder) => {
    const page = await ProbedPage.open(engine, `${proxy.url}/${folder}/`);
    await LIVE[folder]!(page, sample.url);
    expect(await page.faults()).toEqual([]);
  });

  describeWithRedis('beside the others', () => {
    it('shows what comes, and has no fault: 07-two-instances', async () => {
      twoInstances ??= startTwoInstances();
      const two = await ProbedPage.proxy(Number(new URL(await twoInstances.url()).port));
      try {
        const page = await ProbedPage.open(engine, two.url);
        await page.untilText('#served-by', /^served by [AB]$/);
        await page.fill('#message', `From ${engine.name}`);
        await page.click('#send button');
        await page.untilTexts('#messages li', (items) => items.some((text) => text.includes(`From ${engine.name}`)));
        expect(await page.faults()).toEqual([]);
      } finally {
        await two.close();
      }
    });
  });

  it('shows a stream in Swagger UI as it comes, and has no fault', async () => {
    const page = await ProbedPage.open(engine, `${proxy.url}/docs`);
    const operation = '[id$="StockPricesView_events"]';
    await page.click(`${operation} .opblock-summary-control`);
    await page.click(`${operation} button`, 'Try it out');
    await page.click(`${operation} button`, 'Execute');
    await page.untilText(`${operation} .sse-stream [role=status]`, /^Open$/);
    await page.untilTexts(`${operation} .sse-stream__event`, (events) => events.length > 2);
    expect(await page.texts(`${operation} .sse-stream__event strong`)).toContain('price');
    await page.click(`${operation} button`, 'Stop');
    await page.untilText(`${operation} .sse-stream [role=status]`, /^Stopped$/);
    expect(await page.faults()).toEqual([]);
  });
});
