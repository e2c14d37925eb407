import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import { createFront } from './front';
import { Instances } from './instances';
import { openRedis } from './redis';

/** Starts Redis, two instances, and one address before them. Whatever was started ends with it. */
async function main(): Promise<void> {
  const redis = await openRedis();
  const instances = new Instances(redis.url);
  const front = await createFront(instances);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= front.close().then(() => redis.close()));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void close().then(() => process.exit(0)));
  }
  try {
    await instances.start();
    await front.listen(Number(process.env['PORT'] || 3000));
    const { port } = front.getHttpServer().address() as AddressInfo;
    console.log(`\nTwo instances on ${redis.name}, at http://localhost:${port}\n`);
  } catch (error) {
    await close();
    throw error;
  }
}

main().catch((error: NodeJS.ErrnoException) => {
  const isTaken = error.code === 'EADDRINUSE';
  console.error(
    `\n${isTaken ? 'The port is taken. Choose another one: PORT=3001 npm run start:two' : error.message}\n`,
  );
  process.exitCode = 1;
});
