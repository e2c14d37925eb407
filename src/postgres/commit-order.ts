import { BadRequestException } from '@nestjs/common';

/** The two columns of a row that make its place in commit order, as `pg` or PGlite give them. */
export interface CommitPosition {
  /** `xid8 NOT NULL DEFAULT pg_current_xact_id()`: the transaction that wrote the row. */
  readonly xid: string | number | bigint;
  /** What tells apart the rows of one transaction: a `bigserial`, or an identity. */
  readonly id: string | number | bigint;
}

const CURSOR = /^(\d{1,20})\.(\d{1,19})$/;
const MOST_XID = 2n ** 64n - 1n;
const MOST_ID = 2n ** 63n - 1n;

/**
 * The cursor `<xid>.<id>` for `tailQuery`, of rows that carry the transaction that wrote them. Transactions that wait for
 * nobody may commit in another order than they took their numbers, so the query leaves out those that are not older than
 * every one still running: what it gives then is final.
 *
 * A row becomes visible to it when every writing transaction of the server that began before is over, and that is told by no
 * notification when it is rolled back or wrote elsewhere: let `poll` be as long as such a row may wait, 1,000 ms for
 * example. The numbers are those of one cluster; rows that were dumped and restored into another need new ones.
 *
 * @example
 * ```ts
 * // CREATE TABLE orders (
 * //   id bigserial PRIMARY KEY,
 * //   xid xid8 NOT NULL DEFAULT pg_current_xact_id(), …
 * // );
 * // CREATE INDEX ON orders (xid, id);
 * const ORDERS_AFTER = `
 *   SELECT * FROM orders
 *   WHERE (xid, id) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
 *   ORDER BY xid, id LIMIT 500`;
 *
 * tailQuery({
 *   query: (cursor) => pool.query(ORDERS_AFTER, commitOrder.parse(cursor)),
 *   cursorOf: commitOrder.cursorOf,
 *   …
 * });
 * ```
 */
export const commitOrder = {
  /** The cursor of a row. */
  cursorOf({ xid, id }: CommitPosition): string {
    return `${xid}.${id}`;
  },

  /**
   * The values of a cursor for the query, `['0', '0']` without one: from the first row on.
   *
   * @throws BadRequestException for what is no cursor; a client may have made it up.
   */
  parse(cursor: string | undefined): [xid: string, id: string] {
    if (cursor === undefined) {
      return ['0', '0'];
    }
    const [, xid, id] = CURSOR.exec(cursor) ?? [];
    if (xid === undefined || id === undefined || BigInt(xid) > MOST_XID || BigInt(id) > MOST_ID) {
      throw new BadRequestException('The id to go on from is none of this stream');
    }
    return [xid, id];
  },
};
