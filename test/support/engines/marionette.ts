import { createConnection, type Socket } from 'node:net';
import { once } from 'node:events';

const COLON = 58;
const COMMAND = 0;
const RESPONSE = 1;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

type Response = readonly [
  type: number,
  id: number,
  error: { readonly error: string; readonly message: string } | null,
  result: unknown,
];

/**
 * A connection to Firefox by its own protocol, which is WebDriver's commands as JSON over TCP, each with its length before it.
 * It needs neither a driver nor a WebSocket.
 *
 * @see https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
 */
export class Marionette {
  private readonly waiting = new Map<number, Waiting>();
  private received: Buffer = Buffer.alloc(0);
  private lastId = 0;
  private isClosed = false;

  /** @param lost what a call rejects with when the connection has ended. */
  private constructor(
    private readonly socket: Socket,
    private readonly lost: () => Promise<Error>,
  ) {
    socket.on('data', (bytes) => this.receive(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => void this.fail());
  }

  static async connect(port: number, lost: () => Promise<Error>): Promise<Marionette> {
    const socket = createConnection(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Marionette(socket, lost);
  }

  /** Sends a command and gives its result. */
  async send(name: string, params: object = {}): Promise<unknown> {
    if (this.isClosed) {
      throw await this.lost();
    }
    const id = ++this.lastId;
    const message = Buffer.from(JSON.stringify([COMMAND, id, name, params]));
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.write(`${message.length}:`);
      this.socket.write(message);
    });
  }

  private receive(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    for (;;) {
      const colon = this.received.indexOf(COLON);
      const end = colon + 1 + Number(this.received.subarray(0, Math.max(colon, 0)));
      if (colon < 0 || this.received.length < end) {
        return;
      }
      const message: unknown = JSON.parse(this.received.subarray(colon + 1, end).toString());
      this.received = this.received.subarray(end);
      // The first message is a greeting, which is no list.
      if (Array.isArray(message)) {
        this.settle(message as unknown as Response);
      }
    }
  }

  private settle([type, id, error, result]: Response): void {
    const waiting = type === RESPONSE ? this.waiting.get(id) : undefined;
    this.waiting.delete(id);
    if (error) {
      waiting?.reject(new Error(`${error.error}: ${error.message}`));
    } else {
      waiting?.resolve(result);
    }
  }

  private async fail(): Promise<void> {
    this.isClosed = true;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    const error = await this.lost();
    waiting.forEach(({ reject }) => reject(error));
  }
}
