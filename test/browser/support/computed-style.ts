import type { Locator } from 'playwright-core';

/** The value of a property of CSS that an element has in the page. */
export function styleOf(locator: Locator, property: string): Promise<string> {
  return locator.evaluate((element: object, name) => {
    const { getComputedStyle } = globalThis as unknown as {
      getComputedStyle(of: object): { getPropertyValue(of: string): string };
    };
    return getComputedStyle(element).getPropertyValue(name);
  }, property);
}
