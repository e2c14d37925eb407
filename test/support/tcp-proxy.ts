import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Which bytes a proxy looks for. */
export type Matches = (bytes: Buffer) => boolean;

/** Where a proxy leads to. */
export interface TcpProxyOptions {
  /** A port of 127.0.0.1, or the path of a Unix socket. */
  readonly target: number | string;
}

/** Two sockets that carry each other's bytes. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  isFrozen: boolean;
}

interface Drop {
  readonly request: Matches;
  readonly reply: Matches;
}

/** Stands between a client and its server on 127.0.0.1, and breaks what a network breaks. */
export class TcpProxy {
  /** Milliseconds that bytes take more, in either direction. */
  delay = 0;

  private readonly pairs = new Set<Pair>();
  private drops: Drop[] = [];
  private isIsolated = false;

  private constructor(
    private readonly target: number | string,
    private readonly server: Server,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  static async start({ target }: TcpProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, createServer());
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.pairs.size;
  }

  /**
   * The next request that matches is carried to the server; what comes back for it from the first bytes on that match does not
   * arrive: the connection breaks instead. Other connections, and this one until then, are not affected.
   */
  dropReply(request: Matches, reply: Matches = () => true): void {
    this.drops.push({ request, reply });
  }

  /** Connections that are open carry nothing any more, in either direction, and nobody is told. Later ones work. */
  halfOpen(): void {
    for (const pair of this.pairs) {
      pair.isFrozen = true;
      pair.client.pause();
      pair.server.pause();
    }
  }

  /** Breaks all connections. */
  breakAll(): void {
    for (const pair of this.pairs) {
      this.break(pair);
    }
  }

  /** Breaks all connections, and new ones break at once, until `heal()`. */
  isolate(): void {
    this.isIsolated = true;
    this.breakAll();
  }

  heal(): void {
    this.isIsolated = false;
  }

  async close(): Promise<void> {
    this.breakAll();
    if (this.server.listening) {
      this.server.close();
      await once(this.server, 'close');
    }
  }

  private accept(client: Socket): void {
    if (this.isIsolated) {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const { target } = this;
    const server = typeof target === 'string' ? createConnection(target) : createConnection(target, '127.0.0.1');
    const pair: Pair = { client, server, isFrozen: false };
    this.pairs.add(pair);
    client.setNoDelay(true);
    server.setNoDelay(true);
    let drop: Drop | undefined;
    this.carry(pair, client, server, (bytes) => {
      drop ??= this.takeDrop(bytes);
      return true;
    });
    this.carry(pair, server, client, (bytes) => {
      if (drop?.reply(bytes)) {
        this.break(pair);
        return false;
      }
      return true;
    });
  }

  private takeDrop(bytes: Buffer): Drop | undefined {
    const index = this.drops.findIndex(({ request }) => request(bytes));
    return index < 0 ? undefined : this.drops.splice(index, 1)[0];
  }

  private carry(pair: Pair, from: Socket, to: Socket, passes: Matches): void {
    const late: (() => void)[] = [];
    const after = (work: () => void): void => {
      if (this.delay > 0 || late.length > 0) {
        late.push(work);
        // Whichever timer is the first: the order stays.
        setTimeout(() => late.shift()!(), this.delay);
      } else {
        work();
      }
    };
    from.on('data', (bytes) => {
      if (!pair.isFrozen && passes(bytes)) {
        after(() => to.write(bytes));
      }
    });
    from.on('end', () => {
      if (!pair.isFrozen) {
        after(() => to.end());
      }
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      if (!pair.isFrozen) {
        after(() => this.break(pair));
      }
    });
  }

  private break(pair: Pair): void {
    this.pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }
}
