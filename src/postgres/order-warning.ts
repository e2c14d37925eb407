import { Logger } from '@nestjs/common';
import { quoted } from '../event/printable';
import { commitOrder } from './commit-order';
import type { PostgresConnect } from './postgres-connect';
import type { ResolvedTailQuery } from './tail-query-options';

/** Most channels of a database that are remembered: there may be one for each user. */
const MOST = 100;

const logger = new Logger('SseTail');
const warned = new WeakMap<PostgresConnect, Set<string>>();

/**
 * Says, once for each channel, that nobody has vouched for a cursor: a row that becomes visible later than the look back sees
 * would be passed over, and nothing else would tell.
 */
export function warnOfOrder<Row>({ connect, channels, cursorOf, lookBack }: ResolvedTailQuery<Row>): void {
  const isVouchedFor = lookBack === false || (cursorOf as unknown) === commitOrder.cursorOf;
  const known = warned.get(connect) ?? new Set();
  const [channel] = channels;
  if (isVouchedFor || known.has(channel!) || known.size >= MOST) {
    return;
  }
  warned.set(connect, known.add(channel!));
  logger.warn(
    `tailQuery on ${quoted(channel!)}: its cursor must grow in the order in which transactions commit. A sequence or a timestamp does ` +
      'not, and loses rows: use commitOrder.cursorOf. A counter that each writing transaction updates does: say so by lookBack: false',
  );
}
