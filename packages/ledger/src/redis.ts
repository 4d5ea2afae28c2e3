export type { RedisClient } from './redis/client.ts';
export type { RedisLedgerOptions } from './redis/ledger.ts';
export { openRedisLedger } from './redis/ledger.ts';
