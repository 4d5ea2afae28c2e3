export type { LedgerDriver, LedgerStore } from './ledger-driver.ts';
export { testLedgerDriver } from './ledger-driver.ts';
export { onServer } from './servers/on-server.ts';
