/** Something to wait for that may ring before anybody waits, and rings once however often it is rung. */
export class Alarm {
  private hasRung = false;
  private stop: (() => void) | undefined;

  ring(): void {
    this.hasRung = true;
    this.stop?.();
  }

  /** Forgets that it has rung. */
  reset(): void {
    this.hasRung = false;
  }

  /** @returns whether it rang, before the time in milliseconds was over. */
  async wait(limit?: number): Promise<boolean> {
    if (!this.hasRung) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.stop = resolve;
        timer = limit === undefined ? undefined : setTimeout(resolve, limit);
      });
      this.stop = undefined;
      clearTimeout(timer);
    }
    return this.hasRung;
  }
}
