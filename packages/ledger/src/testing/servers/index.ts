export type { PostgresOptions } from './postgres.ts';
export { startPostgres } from './postgres.ts';
export type { StartedServer, TestServer } from './process.ts';
export type { RedisOptions } from './redis.ts';
export { startRedis } from './redis.ts';
