import { HEARTBEAT_FRAME } from '../event/encode';
import type { ClientResponse, ResponseWriter } from './client-response';
import type { Demand } from './demand';
import type { SseHeaders } from './response-headers';
import type { StreamCounters } from './stream-counters';
import type { SharedFrames } from './shared-frames';

/** Characters of frames after which a batch is written before its turn ends. */
const BATCH_LENGTH = 16_384;

/** What the writer tells its stream. */
export interface FrameWriterEvents {
  /** More than `maxBytes` wait for a client that does not read. */
  onOverflow(waitingBytes: number): void;
  /** The response cannot be written to: what stands around it, a middleware for example, has thrown. */
  onWriteError(error: unknown): void;
}

/**
 * Brings frames to one client: those of a turn of the event loop leave in one write, and while the client does not read,
 * demand is held and what comes all the same waits, up to a bound.
 */
export class FrameWriter implements ResponseWriter {
  /** `performance.now()` of the last write. */
  lastWrite = performance.now();
  /** `performance.now()` of the write that the client has not taken yet. */
  blockedSince: number | undefined;

  private batch = '';
  private backlog: (string | Buffer)[] = [];
  private backlogBytes = 0;
  private isOpen = false;
  private isScheduled = false;
  private isEnding = false;

  constructor(
    private readonly client: ClientResponse,
    private readonly demand: Demand,
    private readonly maxBytes: number,
    private readonly counters: StreamCounters,
    private readonly events: FrameWriterEvents,
  ) {}

  /** Takes the response over. The headers leave with what is written in this turn, or with a comment. */
  open(headers: SseHeaders): void {
    this.client.open(headers, this);
    this.isOpen = true;
    this.lastWrite = performance.now();
    this.schedule();
  }

  /** Adds a frame to the batch of this turn. */
  write(frame: string): void {
    this.batch += frame;
    if (!this.isOpen) {
      return;
    }
    if (this.batch.length >= BATCH_LENGTH) {
      this.flush();
    } else {
      this.schedule();
    }
  }

  /** Sends frames that other clients get, too, behind what this client's batch holds. */
  writeShared(frames: SharedFrames): void {
    if (!this.isOpen) {
      this.batch += frames.text;
      return;
    }
    if (this.batch !== '') {
      this.flush();
    }
    if (this.blockedSince !== undefined || this.isEnding) {
      this.dispatch(frames.bytes);
    } else {
      this.sent(frames.bytes.length, this.client.writeShared(frames), frames.at);
    }
  }

  onDrain(): void {
    if (this.blockedSince === undefined || this.isEnding) {
      return;
    }
    this.blockedSince = undefined;
    try {
      this.sendBacklog();
    } catch (error) {
      this.events.onWriteError(error);
    }
    // Whoever blocked again has taken a hold of its own; this one goes in any case.
    this.demand.release();
  }

  /** Writes what waits, and ends the response. */
  end(): void {
    if (this.isEnding) {
      return;
    }
    this.isEnding = true;
    for (const chunk of this.backlog) {
      this.send(chunk);
    }
    this.send(this.batch);
    this.discard();
    this.client.end();
  }

  /** Forgets what waits; nothing is written from here on. */
  discard(): void {
    this.isEnding = true;
    this.batch = '';
    this.backlog = [];
    this.backlogBytes = 0;
  }

  private schedule(): void {
    if (!this.isScheduled) {
      this.isScheduled = true;
      // After this turn's promises, before its I/O: everything that one event of the application caused leaves together.
      process.nextTick(flushScheduled, this);
    }
  }

  /** @internal */
  flushFromTick(): void {
    this.isScheduled = false;
    // Nobody could catch an error here.
    try {
      if (this.batch === '' && !this.isEnding && this.client.awaitsHead) {
        // Firefox reports `open`, and settles a `fetch`, only at the first byte of the body.
        this.batch = HEARTBEAT_FRAME;
      }
      this.flush();
    } catch (error) {
      this.events.onWriteError(error);
    }
  }

  private sendBacklog(): void {
    let sent = 0;
    while (sent < this.backlog.length && this.blockedSince === undefined) {
      const chunk = this.backlog[sent++]!;
      this.backlogBytes -= Buffer.byteLength(chunk);
      this.send(chunk);
    }
    this.backlog = this.backlog.slice(sent);
  }

  private flush(): void {
    const chunk = this.batch;
    this.batch = '';
    this.dispatch(chunk);
  }

  private dispatch(chunk: string | Buffer): void {
    if (chunk.length === 0 || this.isEnding) {
      return;
    }
    if (this.blockedSince === undefined) {
      this.send(chunk);
      return;
    }
    this.backlog.push(chunk);
    this.backlogBytes += Buffer.byteLength(chunk);
    const waiting = this.backlogBytes + this.client.bufferedBytes;
    if (waiting > this.maxBytes) {
      this.events.onOverflow(waiting);
    }
  }

  private send(chunk: string | Buffer): void {
    if (chunk.length === 0) {
      return;
    }
    const bytes = Buffer.byteLength(chunk);
    this.sent(bytes, this.client.write(chunk, bytes));
  }

  private sent(bytes: number, more: boolean, at = performance.now()): void {
    this.lastWrite = at;
    this.counters.bytes += bytes;
    if (!more && this.blockedSince === undefined) {
      this.blockedSince = this.lastWrite;
      this.demand.hold();
    }
  }
}

function flushScheduled(writer: FrameWriter): void {
  writer.flushFromTick();
}
