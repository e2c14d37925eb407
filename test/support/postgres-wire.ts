import type { Socket } from 'node:net';

/** A column of an answer. */
export interface WireColumn {
  readonly name: string;
  /** Object id of its type in `pg_type`. */
  readonly type: number;
}

/** Types as PostgreSQL numbers them. */
export const WIRE_TYPES = { bool: 16, int8: 20, text: 25, numeric: 1700 } as const;

/** What an error of the server says. */
export interface WireError {
  readonly severity: 'ERROR' | 'FATAL';
  readonly code: string;
  readonly message: string;
}

/** Whether a transaction is open: `I` none, `T` one, `E` one that has failed. */
export type WireStatus = 'I' | 'T' | 'E';

const PROTOCOL_3 = 196_608;
const SSL_REQUEST = 80_877_103;

/**
 * The server's side of PostgreSQL's protocol, as far as `pg` needs it for statements without parameters.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class WireConnection {
  /** Answers a statement. */
  onQuery: (text: string) => void = () => undefined;
  private received = Buffer.alloc(0);
  private hasBegun = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.read();
    });
    socket.on('error', () => undefined);
  }

  rows(columns: readonly WireColumn[], rows: readonly (readonly (string | null)[])[]): void {
    const described = columns.map(({ name, type }) =>
      Buffer.concat([cstring(name), int32(0), int16(0), int32(type), int16(-1), int32(-1), int16(0)]),
    );
    this.send('T', int16(columns.length), ...described);
    for (const row of rows) {
      const values = row.map((value) =>
        value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
      );
      this.send('D', int16(row.length), ...values);
    }
  }

  /** Ends the answer to a statement. */
  complete(tag: string, status: WireStatus): void {
    this.send('C', cstring(tag));
    this.ready(status);
  }

  fail({ severity, code, message }: WireError, status: WireStatus): void {
    const fields = Object.entries({ S: severity, V: severity, C: code, M: message });
    this.send('E', ...fields.map(([field, value]) => cstring(field + value)), Buffer.from([0]));
    if (severity === 'FATAL') {
      this.socket.end();
    } else {
      this.ready(status);
    }
  }

  private ready(status: WireStatus): void {
    this.send('Z', Buffer.from(status));
  }

  private read(): void {
    for (;;) {
      const header = this.hasBegun ? 1 : 0;
      if (this.received.length < header + 4) {
        return;
      }
      const length = header + this.received.readInt32BE(header);
      if (this.received.length < length) {
        return;
      }
      const message = this.received.subarray(0, length);
      this.received = this.received.subarray(length);
      if (this.hasBegun) {
        this.take(String.fromCharCode(message[0]!), message.subarray(5));
      } else {
        this.begin(message.readInt32BE(4));
      }
    }
  }

  private begin(version: number): void {
    if (version === SSL_REQUEST) {
      this.socket.write('N');
      return;
    }
    if (version !== PROTOCOL_3) {
      this.socket.end();
      return;
    }
    this.hasBegun = true;
    this.send('R', int32(0));
    for (const [name, value] of [
      ['server_version', '9.5.0'],
      ['client_encoding', 'UTF8'],
    ] as const) {
      this.send('S', cstring(name), cstring(value));
    }
    this.send('K', int32(1), int32(1));
    this.ready('I');
  }

  private take(type: string, body: Buffer): void {
    if (type === 'Q') {
      this.onQuery(body.toString('utf8', 0, body.length - 1));
    } else if (type === 'X') {
      this.socket.end();
    } else {
      this.fail({ severity: 'FATAL', code: '0A000', message: `The stand-in has no message ${type}` }, 'I');
    }
  }

  private send(type: string, ...parts: readonly Buffer[]): void {
    const body = Buffer.concat(parts);
    if (this.socket.writable) {
      this.socket.write(Buffer.concat([Buffer.from(type), int32(body.length + 4), body]));
    }
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}
