/** How long one turn may take, in milliseconds: a frame of the screen is not missed. */
const LONGEST_TURN = 8;

/** What is used of a port in a browser. */
interface Port {
  addEventListener(type: 'message', listener: () => void): void;
  start(): void;
  postMessage(message: null): void;
  close(): void;
}

/** Lets the page do other things whenever work has gone on for some milliseconds. */
export class Turns {
  private begun = performance.now();

  /** The wait between pieces of work came by itself. */
  restart(): void {
    this.begun = performance.now();
  }

  get isOver(): boolean {
    return performance.now() - this.begun >= LONGEST_TURN;
  }

  /** Resolves in the next turn. A timer would be slowed down in a page that is not seen. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      const { port1, port2 } = new MessageChannel() as unknown as Record<'port1' | 'port2', Port>;
      port1.addEventListener('message', () => {
        port1.close();
        resolve();
      });
      port1.start();
      port2.postMessage(null);
    });
    this.restart();
  }
}
