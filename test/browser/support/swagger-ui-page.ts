import type { Locator, Page } from 'playwright-core';

/** One operation in Swagger UI, as a person sees it. */
export class OperationOnPage {
  readonly block: Locator;
  readonly panel: Locator;
  /** The events that are shown. */
  readonly events: Locator;

  constructor(
    readonly page: Page,
    private readonly route: string,
  ) {
    this.block = page.locator('.opblock').filter({ has: page.getByRole('button', { name: route, exact: true }) });
    this.panel = this.block.locator('.sse-stream');
    this.events = this.panel.locator('.sse-stream__event');
  }

  /** Opens the operation, or closes it. */
  async toggle(): Promise<void> {
    await this.page.getByRole('button', { name: this.route, exact: true }).click();
  }

  async tryOut(): Promise<void> {
    await this.toggle();
    await this.block.getByRole('button', { name: 'Try it out' }).click();
  }

  button(name: string): Locator {
    return this.block.getByRole('button', { name, exact: true });
  }

  /** Opens the operation and executes it. */
  async execute(): Promise<void> {
    await this.tryOut();
    await this.button('Execute').click();
  }

  /** Waits until the panel says that the stream is in this state. */
  async untilState(state: string): Promise<void> {
    await this.panel.getByRole('status').getByText(state, { exact: true }).waitFor();
  }

  /** Waits until an event is shown that has this text. */
  async untilEvent(text: string | RegExp): Promise<Locator> {
    const event = this.events.filter({ hasText: text }).first();
    await event.waitFor();
    return event;
  }

  /** Waits until a text is shown above the events. */
  async untilNote(text: string | RegExp): Promise<void> {
    await this.panel.locator('.sse-stream__note').getByText(text).waitFor();
  }

  /** How many events came, as the panel counts them. */
  async total(): Promise<number> {
    const figures = await this.panel.locator('.sse-stream__figures').innerText();
    return Number(/^[\d,]+/.exec(figures)![0].replaceAll(',', ''));
  }

  async filter(name: string): Promise<void> {
    await this.panel.getByLabel('Filter by event name').selectOption(name);
  }
}
