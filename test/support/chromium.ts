import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { describeIf } from './describe-if';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** What keeps Chromium from being started on this machine, and how to get it. */
export const missingChromium = existsSync(CHROMIUM)
  ? undefined
  : `${CHROMIUM} is missing. Install the Debian package with "apt-get install chromium", or name another one in CHROMIUM`;

/** `describe` for tests in a real browser. */
export function describeWithChromium(name: string, tests: () => void): void {
  describeIf(missingChromium, name, tests);
}

/** Starts the machine's own Chromium, headless. Whoever starts it closes it. */
export function launchChromium(): Promise<Browser> {
  if (missingChromium !== undefined) {
    throw new Error(missingChromium);
  }
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
