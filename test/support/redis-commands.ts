import { createClient } from 'redis';

/** A client of a test's own, to look into a Redis and to change what is in it. */
export type RedisCommands = Awaited<ReturnType<typeof redisCommands>>;

/** Connects to a Redis. Whoever connects calls `destroy()`. */
export async function redisCommands(url: string) {
  const client = createClient({ url });
  // A Redis that a test kills is no failure of this client's.
  client.on('error', () => undefined);
  return client.connect();
}
