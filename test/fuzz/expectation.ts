/** The id of an event that arrives: none, any UUID, or this one. */
export type ExpectedId = undefined | typeof ANY_UUID | string;

export const ANY_UUID: unique symbol = Symbol('any UUID');
/** A reconnection time that is drawn for each client. */
export const ANY_TIME: unique symbol = Symbol('any time');

/** What must be read of one event. Without `event` a client dispatches nothing. */
export interface Sent {
  readonly event?: { readonly type: string; readonly data: string; readonly id: ExpectedId };
  readonly retry?: number | typeof ANY_TIME | undefined;
  readonly comment?: string | undefined;
}

/** What must become of one value. */
export type Expectation =
  /** All of it arrives. `isCertain` is false where it may be refused as well. */
  | { readonly outcome: 'sent'; readonly sent: readonly Sent[]; readonly isCertain: boolean }
  /** Nothing of it arrives, and there is an error. */
  | { readonly outcome: 'refused' }
  /** So many events of it do not arrive, and are counted; what the route's operators made of it beside them arrives. */
  | { readonly outcome: 'dropped'; readonly events: number; readonly sent: readonly Sent[] }
  /** The route's own operators left it out. */
  | { readonly outcome: 'left out' };

export const REFUSED: Expectation = { outcome: 'refused' };
export const DROPPED: Expectation = { outcome: 'dropped', events: 1, sent: [] };

/** Lines as a client counts them. */
export function linesOf(text: string): string[] {
  return text.toWellFormed().split(/\r\n|\r|\n/);
}
