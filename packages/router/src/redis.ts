export type { RedisClient, RedisStateStoreOptions } from './state/redis.ts';
export { createRedisStateStore } from './state/redis.ts';
