/** What the streams of an application have done since it started. Totals that only grow. */
export interface SseStreamCounts {
  /** Streams that were opened. */
  readonly opened: number;
  /** Events written, one for each connection that got it. */
  readonly delivered: number;
  /** Bytes handed to the connections, heartbeats included, headers not. */
  readonly bytes: number;
  /** Events that were left out because their data did not fit. */
  readonly dropped: number;
  /** Connections that were closed because their client did not read. */
  readonly overflowed: number;
}

/** The counts while they are counted. */
export type StreamCounters = { -readonly [K in keyof SseStreamCounts]: number };

export function newStreamCounters(): StreamCounters {
  return { opened: 0, delivered: 0, bytes: 0, dropped: 0, overflowed: 0 };
}
