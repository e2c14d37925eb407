import { show } from '../event/printable';
import { SseError } from '../event/sse.error';

/** What is wrong with a cursor: no text, given to two rows, or lower than that of a row which was there before. */
export type SseCursorFault = 'invalid' | 'repeated' | 'late';

const EXPLANATIONS: Readonly<Record<SseCursorFault, string>> = {
  invalid: 'cursorOf must return a string that is not empty',
  repeated:
    'The query gave a row with a cursor that another row had before. A cursor must be different for each row, and the query must give only rows after the cursor, ordered by it',
  late:
    'A row became visible after rows with a higher cursor. Streams that were already past it have missed it. The cursor must grow in the order in which transactions commit: ' +
    'a sequence does not (use commitOrder, or a counter in a row that each writing transaction updates)',
};

/** The cursor of `tailQuery` cannot be relied on: rows would be lost or doubled. The stream ends rather than going on. */
export class SseCursorError extends SseError {
  readonly code = 'SSE_CURSOR_ORDER';

  constructor(
    readonly reason: SseCursorFault,
    /** The cursor at fault. */
    readonly cursor: unknown,
  ) {
    super(`${EXPLANATIONS[reason]}. The cursor: ${show(cursor)}`);
  }
}
