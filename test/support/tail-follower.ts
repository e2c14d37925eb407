import { tailQuery, type TailQueryOptions } from 'nestjs-sse-views/postgres';

/** Follows a query until it is ended, and keeps what comes. */
export class TailFollower<Row extends { readonly n: number }> {
  readonly ids: string[] = [];
  readonly got: number[] = [];
  error: unknown;
  /** When it has ended, with or without an error. */
  readonly done: Promise<void>;
  private readonly stop = new AbortController();

  constructor(options: TailQueryOptions<Row>) {
    this.done = this.follow({ ...options, signal: this.stop.signal });
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.done;
  }

  private async follow(options: TailQueryOptions<Row>): Promise<void> {
    try {
      for await (const { id, data } of tailQuery(options)) {
        this.ids.push(id);
        this.got.push(data.n);
      }
    } catch (error) {
      this.error = error;
    }
  }
}
