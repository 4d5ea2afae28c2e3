export type { SqliteLedgerOptions } from './sqlite/ledger.ts';
export { openSqliteLedger } from './sqlite/ledger.ts';
export { backupSqliteLedger, rebuildSqliteLedger } from './sqlite/maintenance.ts';
export type { LedgerReader } from './sqlite/reader.ts';
export { openSqliteLedgerReader } from './sqlite/reader.ts';
