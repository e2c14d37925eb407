/** What a channel has done in this process since it started. Totals that only grow. */
export interface SseChannelCounts {
  /** Events that this process published, those that the backplane knew already by their key not among them. */
  readonly published: number;
  /** Publications that the backplane knew already by their key. */
  readonly duplicates: number;
  /** Events given to subscribers: one for each subscriber. */
  readonly delivered: number;
  /** Bytes of those events. */
  readonly bytes: number;
  /** How often something came from the backplane that was no event, live or to a reader of the history: nobody got it. */
  readonly dropped: number;
  /** Gaps that subscribers were told of. */
  readonly gaps: number;
}

/** The counts while they are counted. */
export type ChannelCounters = { -readonly [K in keyof SseChannelCounts]: number };

export function newCounters(): ChannelCounters {
  return { published: 0, duplicates: 0, delivered: 0, bytes: 0, dropped: 0, gaps: 0 };
}
