import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { getChannelToken, type SseChannel } from 'nestjs-sse-views';
import { samples } from '../../sample/samples';
import { describeWithChromium } from '../support/chromium';
import { until } from '../support/until';
import { chromiumPages } from './support/chromium-pages';
import { eventually } from './support/eventually';
import { failOnFaults } from './support/page-faults';
import { collectFindings } from './support/page-findings';
import { closeSampleApps, startSampleApp, type SampleApp } from './support/sample-app';
import { sendNotification } from './support/send-notification';
import { watchStream } from './support/stream-requests';

jest.setTimeout(90_000);

const STREAM = 'NotificationsView.events';
const LOST = 'History was lost: the server was started anew, and what it remembered is gone';
/** Longer than any wait of the page for a new attempt that a test causes. */
const PATIENCE = 20_000;

describeWithChromium('The page of notifications', () => {
  const pages = chromiumPages();
  let sample: SampleApp;
  let findings: string[][];
  beforeEach(async () => {
    sample = await startSampleApp();
    findings = [];
  });
  afterEach(closeSampleApps);
  afterEach(() => findings.forEach(failOnFaults));

  /** Opens the page and waits until the server knows its stream, and the page where the topic stands. */
  const openPage = async (): Promise<Page> => {
    const page = await pages.open();
    findings.push(collectFindings(page));
    const streams = sample.streams(STREAM).length;
    await page.goto(`${sample.url}/05-notifications/`);
    await untilState(page, 'open');
    await until(() => sample.streams(STREAM).length === streams + 1, PATIENCE);
    return page;
  };
  const send = (message: string): Promise<string> => sendNotification(sample.url, message);

  it('shows on every page what one of them sends, in the list and as a toast that goes by itself', async () => {
    const [one, other] = [await openPage(), await openPage()];
    await one.getByLabel('Message').fill('Tea is ready');
    await one.getByRole('button', { name: 'Send' }).click();
    for (const page of [one, other]) {
      expect(await untilListed(page, 1)).toEqual([expect.stringMatching(/^Tea is ready.*\d:\d\d/)]);
      await page.getByRole('status', { name: 'New notifications' }).getByText('Tea is ready').waitFor();
      expect(await speakers(page, 'Tea is ready')).toEqual(['New notifications']);
    }
    await one.getByText('Sent', { exact: true }).waitFor();
    expect(await one.getByLabel('Message').inputValue()).toBe('');
    for (const page of [one, other]) {
      await untilToasts(page, 0);
      expect(await listed(page)).toHaveLength(1);
    }
  });

  it.each([
    {
      how: 'offline',
      leave: async (page: Page) => {
        await page.context().setOffline(true);
        await untilState(page, 'reconnecting');
        await until(() => sample.streams(STREAM).length === 1, PATIENCE);
      },
      comeBack: (page: Page) => page.context().setOffline(false),
      resumedBy: 'query',
    },
    {
      how: 'cut off by a reset of the connection',
      // What is sent before the browser reconnects, a second later, cannot have reached the page.
      leave: async () => sample.cutConnections(),
      comeBack: async () => {},
      resumedBy: 'header',
    },
  ])('shows exactly what was sent while it was $how, in order and marked as missed', async (absence) => {
    const [stays, leaves] = [await openPage(), await openPage()];
    const lastId = await send('before');
    await untilListed(leaves, 1);
    const channel = sample.app.get<SseChannel>(getChannelToken('notifications'), { strict: false });

    await absence.leave(leaves);
    for (const message of ['first', 'second', 'third']) {
      await channel.publish({ event: 'notification', data: { message, at: new Date().toISOString() } });
    }
    await absence.comeBack(leaves);

    await leaves.getByText('Missed while you were away: 3', { exact: true }).waitFor();
    await send('after');
    expect(await untilListed(leaves, 6)).toEqual([
      expect.stringMatching(/^after(?!.*missed)/),
      'Missed while you were away: 3',
      expect.stringMatching(/^third.*missed/),
      expect.stringMatching(/^second.*missed/),
      expect.stringMatching(/^first.*missed/),
      expect.stringMatching(/^before(?!.*missed)/),
    ]);
    await stays.getByRole('listitem').filter({ hasText: 'after' }).waitFor();
    const messages = (await listed(stays))
      .map((text) => /^(before|first|second|third|after)/.exec(text)?.[0])
      .filter(Boolean);
    expect(messages).toEqual(['after', 'third', 'second', 'first', 'before']);
    const resumed = sample.streams(STREAM).map(({ request, lastEventId: header }) => ({
      query: (request as { query: { lastEventId?: string } }).query.lastEventId,
      header,
    }));
    expect(resumed).toContainEqual({ query: undefined, header: undefined, [absence.resumedBy]: lastId });
  });

  it('says that history was lost when the server was started anew, once', async () => {
    const page = await openPage();
    await send('before the restart');
    await untilListed(page, 1);
    await sample.close();
    await untilState(page, 'reconnecting');
    const restarted = await startSampleApp(sample.port);
    await page.getByText(LOST, { exact: true }).waitFor();
    await untilState(page, 'open');
    await sendNotification(restarted.url, 'after the restart');
    expect(await untilListed(page, 3)).toEqual([
      expect.stringMatching(/^after the restart(?!.*missed)/),
      LOST,
      expect.stringMatching(/^before the restart/),
    ]);

    restarted.cutConnections();
    await untilState(page, 'reconnecting');
    await untilState(page, 'open');
    await sendNotification(restarted.url, 'and on');
    expect(await untilListed(page, 4)).toEqual([
      expect.stringMatching(/^and on(?!.*missed)/),
      expect.stringMatching(/^after the restart/),
      LOST,
      expect.stringMatching(/^before the restart/),
    ]);
  });

  it('comes back, with what it missed, after an answer on which EventSource gives up for good', async () => {
    const page = await openPage();
    await send('before');
    await untilListed(page, 1);
    const requests = watchStream(page, '/notifications');
    await page.route(
      (url) => url.pathname === '/notifications',
      (route) => route.fulfill({ status: 429, body: 'Too many connections' }),
      { times: 1 },
    );
    sample.connections.close();
    await send('meanwhile');
    await page.getByText('Missed while you were away: 1', { exact: true }).waitFor();
    expect(await untilListed(page, 3)).toEqual([
      'Missed while you were away: 1',
      expect.stringMatching(/^meanwhile.*missed/),
      expect.stringMatching(/^before/),
    ]);
    expect((await requests()).map(({ status }) => status)).toEqual([429, 200]);
  });

  it('counts the people who are there, whether they come, leave, or vanish without a word', async () => {
    const page = await openPage();
    const people = page.locator('#people');
    const untilPeople = (text: string): Promise<void> => people.filter({ hasText: text }).waitFor();
    await untilPeople('only you are here');
    const second = await openPage();
    const third = await openPage();
    await untilPeople('3 people are here');
    await second.locator('#people').filter({ hasText: '3 people are here' }).waitFor();
    await second.close();
    await untilPeople('2 people are here');
    const session = await third.context().newCDPSession(third);
    const crashed = third.waitForEvent('crash');
    // Never answered: there is nobody left to do so.
    void session.send('Page.crash').catch(() => undefined);
    await crashed;
    await untilPeople('only you are here');
    expect(sample.streams(STREAM)).toHaveLength(1);
  });

  it('keeps a toast while the pointer or the focus is on it, and lets it be dismissed with the keyboard', async () => {
    const page = await openPage();
    const toast = page.locator('.toast', { hasText: 'Stay' });
    const clock = (): Promise<string> =>
      toast.locator('.toast-bar').evaluate((bar: Animatable) => bar.getAnimations()[0]!.playState);
    await send('Stay');
    await toast.hover();
    expect(await eventually(clock, (state) => state === 'paused')).toBe('paused');
    await page.mouse.move(0, 0);
    expect(await eventually(clock, (state) => state === 'running')).toBe('running');
    await toast.getByRole('button', { name: 'Dismiss' }).focus();
    expect(await eventually(clock, (state) => state === 'paused')).toBe('paused');
    await page.keyboard.press('Enter');
    await untilToasts(page, 0);
    expect(await listed(page)).toHaveLength(1);
  });

  it('shows markup as the text that it is, and says why a message is not taken', async () => {
    const page = await openPage();
    const markup = '<img src=x onerror="document.title=1"><b>bold</b>';
    await send(markup);
    expect((await untilListed(page, 1))[0]).toContain(markup);
    await page.getByRole('status', { name: 'New notifications' }).getByText(markup).waitFor();
    expect(await page.locator('main img, main b, .toast img').count()).toBe(0);

    await page.getByLabel('Message').fill('   ');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('message should not be empty').waitFor();
    expect(await listed(page)).toHaveLength(1);
  });

  it('shows the command that sends one, as it can be typed', async () => {
    const page = await openPage();
    const { curl } = samples.find(({ folder }) => folder === '05-notifications')!;
    expect(await page.locator('.curl').innerText()).toContain(curl.replace('{host}', `127.0.0.1:${sample.port}`));
  });

  it('shows what the command of the README sends', async () => {
    const page = await openPage();
    const readme = await readFile(join(__dirname, '../../README.md'), 'utf8');
    const [command] = /^curl localhost:3000\/notifications\/send .+$/m.exec(readme)!;
    await promisify(execFile)('sh', ['-c', command.replace('localhost:3000', `127.0.0.1:${sample.port}`)]);
    expect((await untilListed(page, 1))[0]).toMatch(/^Hello from a terminal/);
  });

  it.each([{}, { message: 7 }, { message: '' }, { message: 'x'.repeat(201) }, [], 'x', null])(
    'are not sent where the body is %j',
    async (body) => {
      const page = await openPage();
      const answer = await fetch(`${sample.url}/notifications/send`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(400);
      await send('the first one');
      expect(await untilListed(page, 1)).toEqual([expect.stringMatching(/^the first one/)]);
    },
  );
});

/** What the tests call of an element in the page. */
interface Animatable {
  getAnimations(): { playState: string }[];
}

interface Region {
  getAttribute(name: string): string | null;
}

async function untilState(page: Page, state: string): Promise<void> {
  await page.locator(`#state[data-state="${state}"]`).waitFor();
}

async function untilToasts(page: Page, count: number): Promise<void> {
  await eventually(
    () => page.locator('.toast').count(),
    (toasts) => toasts === count,
    PATIENCE,
  );
}

/** The names of the live regions that have a text, and say it to a screen reader. */
function speakers(page: Page, text: string): Promise<(string | null)[]> {
  return page
    .locator('[aria-live], [role="log"], [role="status"], [role="alert"], output')
    .filter({ hasText: text })
    .evaluateAll((regions: Region[]) =>
      regions
        .filter((region) => region.getAttribute('aria-live') !== 'off')
        .map((region) => region.getAttribute('aria-label')),
    );
}

function listed(page: Page): Promise<string[]> {
  return page.getByRole('log', { name: 'Notifications' }).getByRole('listitem').allTextContents();
}

/** The entries of the list, newest first, when there are so many. */
function untilListed(page: Page, count: number): Promise<string[]> {
  return eventually(
    () => listed(page),
    (texts) => texts.length >= count,
    PATIENCE,
  );
}
