import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { samples } from '../../sample/samples';
import { describeWithChromium } from '../support/chromium';
import { chromiumPages } from './support/chromium-pages';
import { collectFindings } from './support/page-findings';
import { closeSampleApps, startSampleApp, type SampleApp } from './support/sample-app';

jest.setTimeout(60_000);

const SAMPLE_PAGES = samples.map(({ folder }) => `/${folder}/`);
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

describeWithChromium('The pages of the sample application', () => {
  const pages = chromiumPages();
  let sample: SampleApp;
  beforeAll(async () => {
    sample = await startSampleApp();
  });
  afterAll(closeSampleApps);

  it('are linked on the start page, each of them and the documentation, and each link leads somewhere', async () => {
    const page = await pages.open();
    await page.goto(sample.url);
    const links = await page.getByRole('link').all();
    const targets = new Set(
      await Promise.all(links.map(async (link) => new URL((await link.getAttribute('href'))!, page.url()).pathname)),
    );
    expect([...targets].toSorted()).toEqual(['/docs', ...SAMPLE_PAGES].toSorted());
    for (const target of targets) {
      expect({ target, status: (await page.request.get(sample.url + target)).status() }).toEqual({
        target,
        status: 200,
      });
    }
  });

  it('are all on the start page, the one that is an application of its own, too', async () => {
    const page = await pages.open();
    await page.goto(sample.url);
    const folders = (await readdir(join(__dirname, '../../sample'))).filter((name) => /^\d\d-/.test(name));
    const shown = await page.locator('.sample .mono.muted').allInnerTexts();
    expect(shown).toEqual(folders.toSorted().map((folder) => `sample/${folder}`));
  });

  it.each(['/', ...SAMPLE_PAGES])('have commands in one line, and a button that copies each: %s', async (path) => {
    const page = await pages.open({ viewport: PHONE, permissions: ['clipboard-read', 'clipboard-write'] });
    await page.goto(sample.url + path);
    const commands = page.locator('.curl');
    const count = await commands.count();
    expect(count).toBeGreaterThan(0);
    for (let at = 0; at < count; at++) {
      const command = commands.nth(at);
      // Its name changes for a moment.
      const button = page.getByRole('button', { name: /^(Copy|Copied)$/ }).nth(at);
      const text = (await command.textContent())!.trim();
      expect(text).not.toContain('localhost:3000');
      const [height, lineHeight] = await command.evaluate(linesOf);
      expect([text, height! < 2 * lineHeight!]).toEqual([text, true]);
      await button.focus();
      await page.keyboard.press('Enter');
      await button.filter({ hasText: 'Copied' }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text);
    }
  });

  it.each(['/', ...SAMPLE_PAGES])(
    'load without a fault and fit phones and desktops, light and dark: %s',
    async (path) => {
      const page = await pages.open({ viewport: PHONE, colorScheme: 'light' });
      const findings = collectFindings(page);
      await page.goto(sample.url + path);
      await untilConnected(page);
      const light = await look(page);
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await look(page);
      await page.setViewportSize(DESKTOP);
      const wide = await look(page);
      expect(light.background).not.toBe(dark.background);
      expect([light.sideways, dark.sideways, wide.sideways]).toEqual([0, 0, 0]);
      expect(findings).toEqual([]);
    },
  );

  it('load without a fault and fit phones and desktops: Swagger UI', async () => {
    const page = await pages.open({ viewport: PHONE });
    const findings = collectFindings(page);
    await page.goto(`${sample.url}/docs`);
    await page.getByRole('heading', { name: /^Samples of nestjs-sse-views/ }).waitFor();
    const { sideways } = await look(page);
    await page.setViewportSize(DESKTOP);
    expect([sideways, (await look(page)).sideways]).toEqual([0, 0]);
    expect(findings).toEqual([]);
  });
});

/** The height of a command's text, and of one line. Runs in the page. */
function linesOf(element: object): [height: number, lineHeight: number] {
  const { getComputedStyle: styleIn, document } = globalThis as unknown as {
    getComputedStyle(target: object): { readonly lineHeight: string; readonly fontSize: string };
    document: {
      createRange(): { selectNodeContents(node: object): void; getBoundingClientRect(): { height: number } };
    };
  };
  const range = document.createRange();
  range.selectNodeContents(element);
  const { lineHeight, fontSize } = styleIn(element);
  return [range.getBoundingClientRect().height, Number.parseFloat(lineHeight) || 1.2 * Number.parseFloat(fontSize)];
}

/** A page's streams are open; a page without any is there at once. */
async function untilConnected(page: Page): Promise<void> {
  for (const state of await page.locator('[data-state="connecting"]').all()) {
    await state.waitFor({ state: 'detached' });
  }
}

/** How far the page can be scrolled sideways, and what it stands on. */
function look(page: Page): Promise<{ sideways: number; background: string }> {
  return page.evaluate(`({
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    background: getComputedStyle(document.documentElement).backgroundColor,
  })`);
}
