export type { LedgerDriver, LedgerStore } from './ledger-driver.ts';
export { testLedgerDriver } from './ledger-driver.ts';
