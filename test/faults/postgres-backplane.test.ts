import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Pool } from 'pg';
import type { Backplane } from '../../src/channel/backplane';
import { postgresBackplane, type PostgresBackplane } from '../../src/postgres/postgres-backplane';
import { describeBackplane } from '../../src/testing/backplane/describe-backplane';
import { spawnBackplane } from '../support/backplane-process';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres-server';
import { TcpProxy } from '../support/tcp-proxy';

/** What a disk must keep when the server is killed. */
const DURABLE = { fsync: 'on', full_page_writes: 'on' };
const HEARTBEAT = 300;
const COMMAND_TIMEOUT = 2_000;

/** An instance with a pool and a way to the server of its own. */
interface Connected {
  readonly pool: Pool;
  readonly proxy: TcpProxy;
}

describeWithPostgres('on a real server', () => {
  let server: PostgresServer;
  const connected = new Map<Backplane, Connected>();

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startPostgres(DURABLE);
  }, 60_000);

  afterAll(async () => {
    for (const { pool, proxy } of connected.values()) {
      await pool.end();
      await proxy.close();
    }
    await server.stop();
  });

  const create = async (prefix?: string): Promise<PostgresBackplane> => {
    const proxy = await TcpProxy.start({ target: server.port });
    const pool = new Pool({ ...server.address, port: proxy.port });
    pool.on('error', () => undefined);
    const backplane = postgresBackplane({ pool, prefix, heartbeat: HEARTBEAT, commandTimeout: COMMAND_TIMEOUT });
    connected.set(backplane, { pool, proxy });
    await backplane.start();
    return backplane;
  };
  const proxyOf = (backplane: Backplane): TcpProxy => connected.get(backplane)!.proxy;

  describeBackplane(
    'PostgreSQL',
    {
      capabilities: { survives: 'engine-restart', dedupeWindow: 120_000, exactGaps: true },
      create,
      another: create,
      unrelated: () => create('other_'),
      spawn: () => spawnBackplane(join(__dirname, 'postgres/publishing-process.ts'), server.url),
      faults: {
        dropReply: async (backplane) => proxyOf(backplane).dropReply((bytes) => bytes.includes('sse_publish_1')),
        kill: async () => {
          await server.kill();
          return () => server.start();
        },
        wipe: () => server.wipe(),
        checkpoint: () => server.checkpoint(),
        halfOpen: async (backplane) => proxyOf(backplane).halfOpen(),
        isolate: async (backplane) => {
          proxyOf(backplane).isolate();
          return async () => proxyOf(backplane).heal();
        },
      },
    },
    { limit: 20_000, timeout: 300_000 },
  );
});
