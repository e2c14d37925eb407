import { loadOptionalPackage, requireFromApplication } from '../validation/optional-package';
import type { RedisSettings } from './redis-options';

/** Takes a message of a Pub/Sub channel. */
export type RedisListener = (message: string, channel: string) => void;

/** What the backplane needs of a client of the package `redis`. */
export interface RedisClient {
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  sendCommand<T = unknown>(args: readonly string[]): Promise<T>;
  subscribe(channels: string | string[], listener: RedisListener): Promise<void>;
  unsubscribe(channels: string | string[], listener: RedisListener): Promise<void>;
}

/** Makes a client that is not connected yet. */
export type MakeRedisClient = () => RedisClient;

/** @throws SsePackageMissingError when the package `redis` is not installed. */
export function redisClientMaker({ client, url, clientOptions, commandTimeout }: RedisSettings): MakeRedisClient {
  const configured = (client ? (client as { options?: object }).options : clientOptions) as
    { socket?: object } | undefined;
  const overrides = (): Record<string, unknown> => ({
    // A client lives as long as its connection: nothing that was given to one is ever sent over another.
    socket: { ...configured?.socket, reconnectStrategy: false, connectTimeout: commandTimeout },
    disableOfflineQueue: true,
    // Its own timeouts end with the writing of a command, and cost one signal each.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    clientSideCache: undefined,
    emitInvalidate: false,
    pingInterval: 0,
    readonly: false,
  });
  if (client) {
    return () => client.duplicate(overrides()) as RedisClient;
  }
  const { createClient } = loadOptionalPackage(
    () => requireFromApplication('redis') as { createClient(options: object): unknown },
    ['redis'],
    'redisBackplane()',
  );
  return () => createClient({ ...clientOptions, ...(url !== undefined && { url }), ...overrides() }) as RedisClient;
}
