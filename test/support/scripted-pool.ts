import { EventEmitter } from 'node:events';
import type { ListenClient, ListenPool } from 'nestjs-sse-views/postgres';

/** A connection that a test holds in its hand. */
export class ScriptedClient extends EventEmitter implements ListenClient {
  readonly statements: string[] = [];
  /** How often it was given back, or ended. */
  readonly releases: (boolean | undefined)[] = [];
  /** What a statement gives; the default is nothing, at once. */
  answer: (statement: string) => Promise<unknown> = async () => undefined;

  query(statement: string): Promise<unknown> {
    this.statements.push(statement);
    return this.answer(statement);
  }

  release(destroy?: boolean): void {
    this.releases.push(destroy);
  }

  async end(): Promise<void> {
    this.releases.push(true);
  }

  notify(channel: string, payload = ''): void {
    this.emit('notification', { channel, payload });
  }
}

/** A pool that gives scripted connections, or errors. */
export class ScriptedPool extends EventEmitter implements ListenPool {
  readonly clients: ScriptedClient[] = [];
  /** What the next attempts to connect meet, before connections are given again. */
  readonly errors: Error[] = [];
  /** What is done with a new connection before it is given. */
  prepare: (client: ScriptedClient) => void | Promise<void> = () => undefined;

  async connect(): Promise<ScriptedClient> {
    const error = this.errors.shift();
    if (error !== undefined) {
      throw error;
    }
    const client = new ScriptedClient();
    this.clients.push(client);
    await this.prepare(client);
    return client;
  }
}

/** An error with a code, as `pg` and Node make them. */
export function codedError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}
