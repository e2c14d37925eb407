import { describeWithChromium } from '../support/chromium';
import { until } from '../support/until';
import { chromiumPages } from './support/chromium-pages';
import { collectFindings } from './support/page-findings';
import { PageRecorder } from './support/page-recorder';
import { closeSampleApps, startSampleApp } from './support/sample-app';
import { watchStream } from './support/stream-requests';

jest.setTimeout(60_000);

const CLOSED = 2;
const RETRY = 1_000;

describeWithChromium('The page of typed messages', () => {
  const pages = chromiumPages();
  afterEach(closeSampleApps);

  it('shows a stream to its end, which is not started over', async () => {
    const sample = await startSampleApp();
    const page = await pages.open();
    const recorder = await PageRecorder.on(page);
    const findings = collectFindings(page);
    const path = '/parcels/PX-1042/events';
    const requests = watchStream(page, path);
    await page.goto(`${sample.url}/02-typed-messages/`);
    await recorder.untilShown('state', (states) => states.includes('ended'));

    // The page closes its EventSource at the end, so that not even one more request is needed.
    expect(await recorder.shown('state')).toEqual(['connecting', 'open', 'ended']);
    expect(await requests()).toEqual([{ status: 200, lastEventId: undefined }]);
    // CLOSED is final: the specification lets an EventSource reconnect from CONNECTING alone, so that no timer can be
    // left that would ask again. Watching for longer than the reconnection time shows that nobody else asks, either.
    expect(await recorder.readyStates()).toEqual([CLOSED]);
    const asksAgain = page.waitForRequest((request) => request.url().endsWith(path), { timeout: 1.5 * RETRY });
    await expect(asksAgain).rejects.toThrow('Timeout');
    expect(await requests()).toHaveLength(1);
    await until(() => sample.connections.count === 0);

    const messages = await recorder.shown('messages');
    expect(messages.map((text) => /(Parcel\w+) · id (\d+)/.exec(text)?.slice(1))).toEqual([
      ['ParcelPickedUp', '1'],
      ['ParcelMoved', '2'],
      ['ParcelMoved', '3'],
      ['ParcelMoved', '4'],
      ['ParcelDelivered', '5'],
    ]);
    expect(messages.at(-1)).toContain('Delivered in Paris');
    expect(findings).toEqual([]);
  });

  it('tracks another parcel instead, and lets the first stream go', async () => {
    const sample = await startSampleApp();
    const page = await pages.open();
    await page.goto(`${sample.url}/02-typed-messages/`);
    const messages = page.getByRole('log', { name: 'Messages about the parcel' });
    await messages.getByText('Picked up in Lisbon').waitFor();
    await page.getByLabel('Tracking code').fill('PX-1043');
    await page.getByRole('button', { name: 'Track' }).click();
    await messages.getByText('Picked up in Oslo').waitFor();
    await until(() => sample.connections.count === 1);
    const [connection] = sample.connections;
    expect(connection!.request).toMatchObject({ params: { code: 'PX-1043' } });
    expect(await messages.getByText('Lisbon').count()).toBe(0);
  });
});
