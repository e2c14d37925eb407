import type { SourceChoice, SourceEvent } from '../server/sources';

/** An application of a rival that serves a stream to each client, at `/stream`, and something else at `/ping`. */
export interface StreamSetup {
  /** What `source` gives, for those who cannot call it. */
  readonly choice: SourceChoice;
  source(signal: AbortSignal): AsyncGenerator<SourceEvent>;
  /** What the data are validated against, where the rival validates. */
  readonly schema: 'none' | 'zod' | 'class';
  /** Whether events have ids, random UUIDs; some rivals cannot do without one. */
  readonly ids: boolean;
}

/** An application of a rival that sends what is published to every client of `/live`. */
export interface BroadcastSetup {
  /** Milliseconds of silence after which a comment is sent, where the rival can do so. */
  readonly heartbeat: number | false;
  /** Events kept for those who come back, where the rival can do so. */
  readonly history: number;
}

export interface Listening {
  readonly port: number;
  /** The process that serves, where it is another one. */
  readonly pid?: number;
}

export interface Broadcast extends Listening {
  /** Sends one event to all clients. */
  publish(data: object): void;
}

/** One way to serve event streams. Which applications it has says which workloads it takes part in. */
export interface Rival {
  stream?(setup: StreamSetup): Promise<Listening>;
  broadcast?(setup: BroadcastSetup): Promise<Broadcast>;
}
