import { SWEEP_TOPICS } from './backplane-sql';
import { runOnPool } from './pg-command';
import { textQuery, type PgPool } from './pg-pool';

/** Milliseconds between two sweeps, whichever instance does them. */
const INTERVAL = 60_000;

/**
 * Removes what the histories of silent topics have lost by age, keys that are not recognised any more, and topics that nobody
 * has used for long. Those that are published to remove their own.
 */
export class TopicSweeper {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    private readonly pool: PgPool,
    private readonly statement: string,
    private readonly limit: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.schedule(Math.random() * INTERVAL);
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private schedule(delay: number): void {
    this.timer = setTimeout(() => void this.sweep(), delay).unref();
  }

  private async sweep(): Promise<void> {
    try {
      for (let swept = SWEEP_TOPICS; swept >= SWEEP_TOPICS && !this.isStopped;) {
        const [row] = await runOnPool(this.pool, this.limit, textQuery(this.statement, [`${INTERVAL} ms`]));
        swept = Number(row![0]);
      }
    } catch (error) {
      this.onError(error);
    }
    if (!this.isStopped) {
      this.schedule(INTERVAL * (0.75 + Math.random() / 2));
    }
  }
}
