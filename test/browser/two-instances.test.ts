import { connect } from 'node:net';
import type { Page } from 'playwright-core';
import { describeWithChromium } from '../support/chromium';
import { describeWithRedis } from '../support/redis-server';
import { chromiumPages } from './support/chromium-pages';
import { eventually } from './support/eventually';
import { failOnFaults } from './support/page-faults';
import { collectFindings } from './support/page-findings';
import { endTwoInstances, startTwoInstances, type TwoInstancesProgram } from './support/two-instances-program';

jest.setTimeout(120_000);

/** Instances start, end, and are come back to; on a busy machine that takes seconds. */
const PATIENCE = 40_000;
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

type Name = 'A' | 'B';
const other = (name: Name): Name => (name === 'A' ? 'B' : 'A');

describeWithRedis('The sample with two instances', () => {
  describeWithChromium('and its page', () => {
    const pages = chromiumPages();
    let program: TwoInstancesProgram;
    let url: string;
    let findings: string[][];
    beforeAll(async () => {
      program = startTwoInstances();
      url = await program.url();
    }, 90_000);
    afterAll(endTwoInstances);
    beforeEach(() => {
      findings = [];
    });
    // A connection that breaks is what these tests are about; a browser logs it as an error.
    afterEach(() =>
      findings.forEach((all) => failOnFaults(all.filter((text) => !/^50[23]: |ERR_INCOMPLETE_CHUNKED/.test(text)))),
    );

    const openPage = async (): Promise<Page> => {
      const page = await pages.open();
      findings.push(collectFindings(page));
      await page.goto(url);
      for (const name of ['A', 'B'] as const) {
        await start(page, name);
      }
      await untilServed(page);
      return page;
    };

    it.each(['Kill', 'Stop'] as const)(
      'goes on at the other instance when its own is ended by "%s", and then back, with nothing lost or doubled',
      async (how) => {
        const page = await openPage();
        const first = await untilServed(page);
        await flow(page).click();
        await untilCount(page, 'received', 4);

        await press(page, how, first);
        await untilServed(page, other(first));
        await page
          .getByText(`Now served by instance ${other(first)}`)
          .first()
          .waitFor();
        const afterwards = await untilCount(page, 'received', (await count(page, 'received')) + 4);

        await start(page, first);
        await press(page, how, other(first));
        await untilServed(page, first);
        await untilCount(page, 'received', afterwards + 4);
        await flow(page).click();

        await untilAllReceived(page);
        expect(await count(page, 'twice')).toBe(0);
        expect(await numbers(page)).toEqual(await allNumbers(page));
        expect(await page.getByText('History was lost').count()).toBe(0);
      },
    );

    it('waits while none is there, sends then what could not be sent, and loses nothing', async () => {
      const page = await openPage();
      await flow(page).click();
      await untilCount(page, 'received', 2);
      await press(page, 'Kill', 'A');
      await press(page, 'Kill', 'B');
      await untilCount(page, 'again', 3);
      await page.getByText('no instance', { exact: true }).waitFor();
      await flow(page).click();
      await start(page, 'B');
      await untilServed(page, 'B');
      await untilAllReceived(page);
      expect(await count(page, 'twice')).toBe(0);
      expect(await numbers(page)).toEqual(await allNumbers(page));
    });

    it('shows on each page what was sent at another instance', async () => {
      const one = await openPage();
      const servedBy = await untilServed(one);
      const two = await openPage();
      for (let attempt = 0; (await untilServed(two)) === servedBy && attempt < 10; attempt++) {
        await two.reload();
      }
      expect(await untilServed(two)).toBe(other(servedBy));
      await two.getByLabel('Message', { exact: true }).fill('From the other side');
      await two.getByRole('button', { name: 'Send', exact: true }).click();
      for (const page of [one, two]) {
        await page.getByRole('log').getByText('From the other side').waitFor();
      }
    });

    it('loads without a fault and fits phones and desktops, light and dark', async () => {
      const page = await pages.open({ viewport: PHONE, colorScheme: 'light' });
      const all = collectFindings(page);
      await page.goto(url);
      await start(page, 'A');
      await untilServed(page);
      await page.getByLabel('Message', { exact: true }).fill('x'.repeat(200));
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await page.getByRole('log').getByText('x'.repeat(200)).waitFor();
      const light = await look(page);
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await look(page);
      await page.setViewportSize(DESKTOP);
      const wide = await look(page);
      expect(light.background).not.toBe(dark.background);
      expect([light.sideways, dark.sideways, wide.sideways]).toEqual([0, 0, 0]);
      expect(all).toEqual([]);
    });
  });

  it('ends with everything that it started', async () => {
    const program = startTwoInstances();
    await program.url();
    const redis = Number(/on port (\d+)/.exec(program.output())![1]);
    expect(await isListening(redis)).toBe(true);
    expect(await program.end()).toBe(0);
    expect(await isListening(redis)).toBe(false);
  });

  it('uses the Redis that REDIS_URL names, and leaves it alone', async () => {
    const owner = startTwoInstances();
    await owner.url();
    const redis = Number(/on port (\d+)/.exec(owner.output())![1]);
    const program = startTwoInstances({ REDIS_URL: `redis://127.0.0.1:${redis}` });
    const url = await program.url();
    expect(program.output()).toContain(`Two instances on Redis at 127.0.0.1:${redis}`);
    const response = await fetch(`${url}/notifications/send`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ message: 'Hello' }),
    });
    expect(response.status).toBe(201);
    expect(await program.end()).toBe(0);
    expect(await isListening(redis)).toBe(true);
    expect(await owner.end()).toBe(0);
  });
});

describe('The sample with two instances, on a machine without Redis', () => {
  afterEach(endTwoInstances);

  it('says what to do, and ends', async () => {
    const program = startTwoInstances({ REDIS_SERVER: 'no-such-redis-server' });
    expect(await program.exitCode()).toBe(1);
    expect(program.output()).toMatch(/REDIS_URL=\S+ npm run start:two[^]*install redis-server[^]*compose\.yaml up/);
    expect(program.output()).not.toContain('    at ');
  });
});

const flow = (page: Page) => page.getByRole('button', { name: 'Send four a second' });

async function press(page: Page, action: 'Start' | 'Stop' | 'Kill', name: Name): Promise<void> {
  await page.getByRole('button', { name: `${action} instance ${name}` }).click();
}

/** Starts an instance where it does not run, and waits until it does. */
async function start(page: Page, name: Name): Promise<void> {
  const item = page
    .getByRole('list', { name: 'Instances' })
    .getByRole('listitem')
    .filter({ hasText: `Instance ${name}` });
  const state = () => item.locator('.state').textContent();
  if ((await eventually(state, (now) => now === 'running' || now === 'stopped', PATIENCE)) === 'stopped') {
    await press(page, 'Start', name);
  }
  await eventually(state, (now) => now === 'running', PATIENCE);
}

/** Waits until an instance serves the page, this one if it is named, and says which. */
async function untilServed(page: Page, name?: Name): Promise<Name> {
  const text = await eventually(
    () => page.locator('#served-by').textContent(),
    (served) => (name ? served === `served by ${name}` : /^served by [AB]$/.test(served ?? '')),
    PATIENCE,
  );
  return text!.at(-1) as Name;
}

async function count(page: Page, what: 'sent' | 'accepted' | 'received' | 'twice' | 'again'): Promise<number> {
  return Number(await page.locator(`#${what}`).textContent());
}

function untilCount(page: Page, what: 'received' | 'again', least: number): Promise<number> {
  return eventually(
    () => count(page, what),
    (now) => now >= least,
    PATIENCE,
  );
}

/** Waits until nothing is on its way: whatever the page has sent was accepted, and was received. */
async function untilAllReceived(page: Page): Promise<void> {
  await eventually(
    async () => [await count(page, 'sent'), await count(page, 'accepted'), await count(page, 'received')],
    ([sent, accepted, received]) => sent === accepted && accepted === received,
    PATIENCE,
  );
}

/** The numbers of the messages in the list, in their own order: one that was sent again may come after later ones. */
async function numbers(page: Page): Promise<number[]> {
  const all = await page.getByRole('log').getByRole('listitem').allInnerTexts();
  return all
    .flatMap((text) => /^Message (\d+)/.exec(text)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** Each number once. */
async function allNumbers(page: Page): Promise<number[]> {
  return Array.from({ length: await count(page, 'sent') }, (_, index) => index + 1);
}

function look(page: Page): Promise<{ sideways: number; background: string }> {
  return page.evaluate(`({
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    background: getComputedStyle(document.documentElement).backgroundColor,
  })`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
