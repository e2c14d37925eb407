/** What `tailQuery` gives: a row, in the shape of an event that a view yields. */
export interface TailedRow<Row> {
  /** The row's cursor, which the client sends back as `Last-Event-ID`. */
  readonly id: string;
  readonly data: Row;
}
