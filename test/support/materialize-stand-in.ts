import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { WIRE_TYPES, WireConnection, type WireColumn, type WireStatus } from './postgres-wire';

/** A row of the stand-in's one relation: `id` is its key. */
export interface BidRow {
  readonly id: string;
  readonly amount: string;
}

interface Update {
  readonly timestamp: number;
  readonly diff: number;
  readonly row: BidRow;
}

/** How a cursor was declared. */
interface Subscription {
  readonly isUpsert: boolean;
  readonly hasProgress: boolean;
  readonly hasSnapshot: boolean;
  /** Chosen when the first rows are fetched, where none was asked for. */
  asOf: number | undefined;
  /** Timestamps below this one were given. */
  given: number;
  hasBegun: boolean;
}

interface Fetch {
  readonly count: number;
  readonly timeout: number | undefined;
}

const DECLARE =
  /^DECLARE c CURSOR FOR (?:SUBSCRIBE|TAIL)(?: TO)? bids( ENVELOPE UPSERT \(KEY \(id\)\))?(?: WITH \(([^)]*)\))?(?: AS OF (\d+))?$/;
const FETCH = /^FETCH (ALL|\d+) (?:FROM )?c(?: WITH \(timeout ?= ?'([\d.]+)s'\))?$/;

/**
 * Answers as Materialize's documentation and the source of its subscriptions say that it answers, to what `tailCursor` asks of
 * it; it is not Materialize. One relation, `bids`, with a history that can be compacted.
 *
 * @see https://materialize.com/docs/sql/subscribe/
 * @see https://materialize.com/docs/sql/fetch/
 */
export class MaterializeStandIn {
  /** Statements of all connections, in order. */
  readonly statements: string[] = [];
  /** What the next statement that matches is answered with. */
  refusal: { readonly statement: RegExp; readonly code: string; readonly message: string } | undefined;

  private updates: Update[] = [];
  /** Below this one no timestamp can be asked for. */
  private since = 0;
  /** Below this one everything has been said. */
  private upper = 1;
  private readonly sessions = new Set<Session>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((socket) => this.accept(socket));
  }

  static async start(): Promise<MaterializeStandIn> {
    const standIn = new MaterializeStandIn();
    await standIn.listen(0);
    return standIn;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.sessions.size;
  }

  /** How many transactions are open. */
  get transactions(): number {
    return [...this.sessions].filter(({ status }) => status !== 'I').length;
  }

  /** The timestamp that is written next. */
  get now(): number {
    return this.upper;
  }

  /** What is in the relation. */
  get contents(): BidRow[] {
    return consolidate(this.updates).map(({ row }) => row);
  }

  /** Changes rows at one timestamp, and says that it is complete. @returns the timestamp. */
  write(...changes: readonly [diff: number, id: string, amount: string | number][]): number {
    const timestamp = this.begin(...changes);
    this.advance();
    return timestamp;
  }

  /** Changes rows at a timestamp that is not complete: nobody is told. */
  begin(...changes: readonly [diff: number, id: string, amount: string | number][]): number {
    const timestamp = this.upper;
    this.updates.push(
      ...changes.map(([diff, id, amount]) => ({ timestamp, diff, row: { id, amount: String(amount) } })),
    );
    return timestamp;
  }

  /** Time goes on: what was before is complete. */
  advance(by = 1): void {
    this.upper += by;
    for (const session of this.sessions) {
      session.answer();
    }
  }

  /** Forgets when things happened before a timestamp. */
  compact(since = this.upper - 1): void {
    this.since = since;
  }

  /** Breaks all connections. */
  breakAll(): void {
    for (const { wire } of this.sessions) {
      wire.socket.destroy();
    }
  }

  /** No statement is answered any more on the connections that are open. */
  freeze(): void {
    for (const session of this.sessions) {
      session.isFrozen = true;
    }
  }

  /** Nobody can connect, until `comeBack()`. */
  async goAway(): Promise<() => Promise<void>> {
    const { port } = this;
    const closed = once(this.server, 'close');
    this.server.close();
    this.breakAll();
    await closed;
    return () => this.listen(port);
  }

  async close(): Promise<void> {
    if (this.server.listening) {
      await this.goAway();
    }
  }

  /** The rows of a subscription that have not been given. */
  next(subscription: Subscription): (string | null)[][] {
    const { hasSnapshot, hasProgress } = subscription;
    const asOf = (subscription.asOf ??= this.upper - 1);
    const rows: (string | null)[][] = [];
    if (!subscription.hasBegun) {
      subscription.hasBegun = true;
      if (hasProgress) {
        rows.push(progressRow(asOf));
      }
      subscription.given = hasSnapshot ? asOf : asOf + 1;
    }
    for (; subscription.given < this.upper; subscription.given++) {
      const timestamp = subscription.given;
      const isSnapshot = hasSnapshot && timestamp === asOf;
      const updates = this.updates.filter((update) =>
        isSnapshot ? update.timestamp <= asOf : update.timestamp === timestamp,
      );
      rows.push(...this.format(timestamp, consolidate(updates), subscription));
      if (hasProgress && timestamp + 1 === this.upper) {
        rows.push(progressRow(this.upper));
      }
    }
    return rows;
  }

  /** @throws string what the server would say. */
  subscribe(statement: string): Subscription {
    const [, envelope, options = '', asOf] = DECLARE.exec(statement) ?? [];
    if (!DECLARE.test(statement)) {
      throw new Error(`The stand-in cannot read: ${statement}`);
    }
    return {
      isUpsert: envelope !== undefined,
      hasProgress: /PROGRESS(?! = false)/.test(options),
      hasSnapshot: !/SNAPSHOT = false/.test(options),
      asOf: asOf === undefined ? undefined : Number(asOf),
      given: 0,
      hasBegun: false,
    };
  }

  /** Whether the history reaches back to where a subscription begins. */
  reachesBack({ asOf, hasBegun }: Subscription): boolean {
    return hasBegun || asOf === undefined || asOf >= this.since;
  }

  ended(session: Session): void {
    this.sessions.delete(session);
  }

  private format(
    timestamp: number,
    updates: readonly Update[],
    { isUpsert, hasProgress }: Subscription,
  ): (string | null)[][] {
    const head = hasProgress ? [String(timestamp), 'f'] : [String(timestamp)];
    if (!isUpsert) {
      // The order within a timestamp is not promised.
      return updates.toReversed().map(({ diff, row }) => [...head, String(diff), row.id, row.amount]);
    }
    return [...new Set(updates.map(({ row }) => row.id))].map((id) => {
      const values = updates.filter(({ diff, row }) => row.id === id && diff > 0);
      if (values.length > 1 || values.some(({ diff }) => diff > 1)) {
        return [...head, 'key_violation', id, null];
      }
      return values.length === 0 ? [...head, 'delete', id, null] : [...head, 'upsert', id, values[0]!.row.amount];
    });
  }

  private accept(socket: Socket): void {
    this.sessions.add(new Session(this, new WireConnection(socket)));
  }

  private async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
  }
}

/** A connection to the stand-in. */
class Session {
  status: WireStatus = 'I';
  isFrozen = false;
  private subscription: Subscription | undefined;
  private fetch: Fetch | undefined;
  private rows: (string | null)[][] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly engine: MaterializeStandIn,
    readonly wire: WireConnection,
  ) {
    wire.onQuery = (text) => this.take(text);
    wire.socket.on('close', () => {
      clearTimeout(this.timer);
      engine.ended(this);
    });
  }

  /** Answers the FETCH that waits, if there is something for it. */
  answer(): void {
    const { fetch, subscription } = this;
    if (!fetch || !subscription || this.isFrozen) {
      return;
    }
    this.rows.push(...this.engine.next(subscription));
    if (this.rows.length >= fetch.count || (fetch.timeout === undefined && this.rows.length > 0)) {
      this.give();
    }
  }

  private take(text: string): void {
    this.engine.statements.push(text);
    if (this.isFrozen) {
      return;
    }
    const { refusal } = this.engine;
    if (refusal?.statement.test(text)) {
      this.engine.refusal = undefined;
      this.refuse(refusal.code, refusal.message);
    } else if (text === 'BEGIN') {
      this.status = 'T';
      this.wire.complete('BEGIN', 'T');
    } else if (text === 'ROLLBACK' || text === 'COMMIT') {
      this.status = 'I';
      this.subscription = undefined;
      this.rows = [];
      this.wire.complete(text, 'I');
    } else if (this.status !== 'T') {
      this.refuse('25P01', 'DECLARE CURSOR can only be used in transaction blocks');
    } else if (text.startsWith('DECLARE ')) {
      this.declare(text);
    } else if (FETCH.test(text) && this.subscription) {
      this.fetchRows(text);
    } else {
      this.refuse('25000', 'SUBSCRIBE in transactions must be the only read statement');
    }
  }

  private declare(text: string): void {
    if (this.subscription) {
      this.refuse('25000', 'SUBSCRIBE in transactions must be the only read statement');
      return;
    }
    try {
      this.subscription = this.engine.subscribe(text);
      this.wire.complete('DECLARE CURSOR', 'T');
    } catch (error) {
      this.refuse('42601', (error as Error).message);
    }
  }

  private fetchRows(text: string): void {
    const subscription = this.subscription!;
    if (!this.engine.reachesBack(subscription)) {
      this.refuse(
        'XX000',
        `Timestamp (${subscription.asOf}) is not valid for all inputs: [Antichain { elements: [9] }]`,
      );
      return;
    }
    const [, count, timeout] = FETCH.exec(text)!;
    this.fetch = {
      count: count === 'ALL' ? Infinity : Number(count),
      timeout: timeout === undefined ? undefined : Number(timeout) * 1_000,
    };
    if (this.fetch.timeout !== undefined) {
      this.timer = setTimeout(() => this.give(), this.fetch.timeout);
    }
    this.answer();
  }

  private give(): void {
    clearTimeout(this.timer);
    const { fetch, subscription } = this;
    if (!fetch || !subscription || this.isFrozen) {
      return;
    }
    this.fetch = undefined;
    const rows = this.rows.splice(0, fetch.count);
    this.wire.rows(columnsOf(subscription), rows);
    this.wire.complete(`FETCH ${rows.length}`, this.status);
  }

  private refuse(code: string, message: string): void {
    this.status = this.status === 'I' ? 'I' : 'E';
    this.wire.fail({ severity: 'ERROR', code, message }, this.status);
  }
}

function columnsOf({ isUpsert, hasProgress }: Subscription): WireColumn[] {
  return [
    { name: 'mz_timestamp', type: WIRE_TYPES.numeric },
    ...(hasProgress ? [{ name: 'mz_progressed', type: WIRE_TYPES.bool }] : []),
    isUpsert ? { name: 'mz_state', type: WIRE_TYPES.text } : { name: 'mz_diff', type: WIRE_TYPES.int8 },
    { name: 'id', type: WIRE_TYPES.text },
    { name: 'amount', type: WIRE_TYPES.text },
  ];
}

function progressRow(timestamp: number): (string | null)[] {
  return [String(timestamp), 't', null, null, null];
}

/** Copies of the same row, put together; those that come to nothing are gone. */
function consolidate(updates: readonly Update[]): Update[] {
  const sums = new Map<string, Update>();
  for (const update of updates) {
    const name = JSON.stringify(update.row);
    sums.set(name, { ...update, diff: (sums.get(name)?.diff ?? 0) + update.diff });
  }
  return [...sums.values()].filter(({ diff }) => diff !== 0);
}
