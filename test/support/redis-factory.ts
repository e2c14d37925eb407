import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Backplane, Published } from '../../src/channel/backplane';
import { redisBackplane, type RedisBackplane } from '../../src/redis/redis-backplane';
import type { RedisBackplaneOptions } from '../../src/redis/redis-options';
import { PUBLISH } from '../../src/redis/redis-scripts';
import type { BackplaneFactory, BackplaneProcess } from '../../src/testing/backplane/backplane-factory';
import { RedisServer } from './redis-server';
import { TcpProxy } from './tcp-proxy';

/** What a publication is answered with, alone or after others. */
const PUBLISHED = /\$\d+\r\n=?[0-9a-z]{8}\.\d+\.\d+-\d+\r\n/;

/** A Redis, and instances of the backplane that reach it through a proxy each. */
export class RedisEngine {
  private readonly proxies = new Map<Backplane, TcpProxy>();

  private constructor(
    readonly server: RedisServer,
    private readonly options: RedisBackplaneOptions,
  ) {}

  static async start(options: RedisBackplaneOptions = {}): Promise<RedisEngine> {
    return new RedisEngine(await RedisServer.start(), options);
  }

  /** Makes an instance and starts it; its `close()` closes its proxy, too. */
  async instance(options: RedisBackplaneOptions = {}): Promise<RedisBackplane> {
    const proxy = await TcpProxy.start({ target: this.server.path });
    const backplane = redisBackplane({ url: `redis://127.0.0.1:${proxy.port}`, ...this.options, ...options });
    this.proxies.set(backplane, proxy);
    const close = backplane.close.bind(backplane);
    backplane.close = async (how) => {
      await close(how);
      await proxy.close();
    };
    await backplane.start();
    return backplane;
  }

  proxyOf(instance: Backplane): TcpProxy {
    return this.proxies.get(instance)!;
  }

  async stop(): Promise<void> {
    for (const proxy of this.proxies.values()) {
      await proxy.close();
    }
    await this.server.stop();
  }
}

/** What the conformance suite tests on Redis. @param engine and another one, which run while it does. */
export function redisFactory(engine: () => RedisEngine, other: () => RedisEngine): BackplaneFactory {
  const create = async (): Promise<RedisBackplane> => engine().instance();
  return {
    capabilities: { survives: 'engine-restart', dedupeWindow: 120_000, exactGaps: true },
    create,
    another: create,
    unrelated: async () => other().instance(),
    spawn: () => spawnInstance(engine().server.url),
    faults: {
      dropReply: async (instance) => {
        engine()
          .proxyOf(instance)
          .dropReply(
            (bytes) => bytes.includes(PUBLISH.sha),
            (bytes) => PUBLISHED.test(bytes.toString('latin1')),
          );
      },
      kill: async () => {
        await engine().server.kill();
        return () => engine().server.start();
      },
      wipe: () => engine().server.wipe(),
      checkpoint: async () => engine().server.checkpoint(),
      halfOpen: async (instance) => engine().proxyOf(instance).halfOpen(),
      isolate: async (instance) => {
        const proxy = engine().proxyOf(instance);
        proxy.isolate();
        return async () => proxy.heal();
      },
    },
  };
}

/** Starts an instance in a process of its own. */
async function spawnInstance(url: string): Promise<BackplaneProcess> {
  const child = fork(join(__dirname, 'redis-instance.js'), [url], {
    execArgv: ['--require', join(__dirname, 'run-typescript.js')],
  });
  const pending = new Map<number, { resolve(published: Published): void; reject(error: Error): void }>();
  let last = 0;
  child.on('exit', () => {
    for (const { reject } of pending.values()) {
      reject(new Error('The process has ended'));
    }
  });
  const [first] = (await once(child, 'message')) as [{ isReady: boolean }];
  if (!first.isReady) {
    throw new Error('The process does not begin');
  }
  child.on('message', ({ id, published, error }: { id: number; published?: Published; error?: string }) => {
    const { resolve, reject } = pending.get(id)!;
    pending.delete(id);
    if (published) {
      resolve(published);
    } else {
      reject(new Error(error));
    }
  });
  return {
    publish: (topic, payload, options) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        pending.set(id, { resolve, reject });
        child.send({ id, topic, payload, options }, (error) => error && reject(error));
      }),
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  };
}
