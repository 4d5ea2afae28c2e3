export type { PostgresClient, PostgresPool, PostgresResult } from './postgres/client.ts';
export type { LeaseOptions } from './postgres/leases/leasing.ts';
export type { PostgresLedgerOptions } from './postgres/ledger.ts';
export { openPostgresLedger } from './postgres/ledger.ts';
export { rebuildPostgresLedger } from './postgres/rebuild.ts';
