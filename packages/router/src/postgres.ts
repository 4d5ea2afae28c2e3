export type { PostgresPool, PostgresStateStoreOptions } from './state/postgres.ts';
export { openPostgresStateStore } from './state/postgres.ts';
