export { redisBackplane, type RedisBackplane } from './redis-backplane';
export type { RedisBackplaneOptions, RedisClientTemplate } from './redis-options';
