/** A stream that listens. */
export interface TailSubscriber {
  readonly channels: readonly string[];
  /** Milliseconds between two signs of life that it wishes of the connection. */
  readonly heartbeat: number;
  /** Its channels are listened to from now on; whatever came before may have been missed. Called after each reconnection. */
  onListening(): void;
  onNotification(payload: string): void;
  /** There is nothing to be listened to, now or later. */
  onFailed(error: unknown): void;
}

/** What listens for all streams that share it. */
export interface TailListener {
  /** @returns what lets it go. */
  join(subscriber: TailSubscriber): () => void;
}
