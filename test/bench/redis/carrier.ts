/** What carries events over Redis. */
export interface Carrier {
  /** Receives what is published to these topics, from when it settles. */
  subscribe(topics: readonly string[], onEvent: (payload: string) => void): Promise<void>;
  publish(topic: string, payload: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Both keep as many events of each topic. */
export const HISTORY = 100;
