import { join } from 'node:path';
import type { Backplane } from '../../src/channel/backplane';
import { redisBackplane, type RedisBackplane } from '../../src/redis/redis-backplane';
import type { RedisBackplaneOptions } from '../../src/redis/redis-options';
import { PUBLISH } from '../../src/redis/redis-scripts';
import type { BackplaneFactory } from '../../src/testing/backplane/backplane-factory';
import { spawnBackplane } from './backplane-process';
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
    spawn: () => spawnBackplane(join(__dirname, '../faults/redis/publishing-process.ts'), engine().server.url),
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
