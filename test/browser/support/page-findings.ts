import type { Page } from 'playwright-core';

/** Collects from now on what a page without faults has none of. */
export function collectFindings(page: Page): string[] {
  const findings: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      findings.push(`console ${message.type()}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => findings.push(`uncaught: ${error.message}`));
  page.on('requestfailed', (request) => findings.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) {
      findings.push(`${response.status()}: ${response.url()}`);
    }
  });
  return findings;
}
