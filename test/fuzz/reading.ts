import { get, type Agent, type IncomingMessage } from 'node:http';
import { WhatwgParser, type DispatchedEvent } from '../support/whatwg-parser';

/** Milliseconds after which a response that brings nothing more is given up. */
const PATIENCE = 20_000;

/** One response, read as a browser reads it, and once more by its lines for what a browser does not show. */
export class Reading {
  status = 0;
  /** Whether the response came to its end. */
  isComplete = false;
  private readonly parser = new WhatwgParser();
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private readonly parts: string[] = [];
  private settle: () => void = () => undefined;
  private response: IncomingMessage | undefined;

  constructor(
    agent: Agent,
    url: string,
    /** Whether enough was read. */
    private readonly isEnough: (last: DispatchedEvent) => boolean = () => false,
  ) {
    const request = get(url, { agent, headers: { Accept: 'text/event-stream' } }, (response) => {
      this.response = response;
      this.status = response.statusCode!;
      response.on('data', (chunk: Buffer) => this.take(chunk));
      response.on('end', () => {
        this.isComplete = true;
        this.settle();
      });
      response.on('error', () => this.settle());
      response.on('close', () => this.settle());
    });
    request.on('error', () => this.settle());
  }

  get events(): readonly DispatchedEvent[] {
    return this.parser.events;
  }

  get body(): string {
    return this.parts.join('');
  }

  /** Reads until the response ends, or until enough was read. @returns whether it came to that. */
  async end(): Promise<boolean> {
    const isOver = (): boolean => this.isComplete || (this.events.length > 0 && this.isEnough(this.events.at(-1)!));
    return isOver() || this.wait(isOver);
  }

  /** Waits for the first event. */
  async begun(): Promise<boolean> {
    return this.events.length > 0 || this.wait(() => this.events.length > 0);
  }

  /** Leaves. */
  leave(): void {
    this.response?.destroy();
  }

  private async wait(condition: () => boolean): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE);
      this.settle = () => {
        if (condition() || this.response?.closed) {
          resolve();
        }
      };
      this.settle();
    });
    clearTimeout(timer);
    return condition();
  }

  private take(chunk: Buffer): void {
    this.parser.feed(chunk);
    this.parts.push(this.decoder.decode(chunk, { stream: true }));
    this.settle();
  }
}
