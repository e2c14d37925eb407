import { guardedSignal } from './guarded-signal';

/** Whose signal it is. */
export interface AbortOwner {
  /** A listener of the signal has thrown. */
  onListenerError(error: unknown): void;
}

/**
 * An `AbortController` whose signal is made when somebody asks for it. Most streams' sources never do, and a signal is 1.2 KB
 * of heap and 8 µs for each connection.
 */
export class LazyAbort {
  isAborted = false;
  private controller: AbortController | undefined;

  constructor(private readonly owner: AbortOwner) {}

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      guardedSignal(this.controller.signal, (error) => this.owner.onListenerError(error));
      if (this.isAborted) {
        this.controller.abort();
      }
    }
    return this.controller.signal;
  }

  abort(): void {
    if (!this.isAborted) {
      this.isAborted = true;
      this.controller?.abort();
    }
  }
}
