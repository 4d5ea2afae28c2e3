export { entryDimension } from './entry-query.ts';
export { LedgerCorruptError, LedgerUnavailableError } from './errors.ts';
export { exportEntries } from './export.ts';
export type {
  Conflict,
  CrossedThreshold,
  Draw,
  DurableLedger,
  EndResult,
  EntryFilter,
  EntryOrder,
  EntryPage,
  EntryQuery,
  HoldEntry,
  Ledger,
  LimitQuery,
  ReleaseRequest,
  ReserveRequest,
  ReserveResult,
  RetireRequest,
  RetireResult,
  SettledEntry,
  SettleRequest,
  Shortfall,
  SumQuery,
  SumRow,
  VerifyOptions,
  VerifyResult,
} from './ledger.ts';
export type { WindowSumQuery, WindowSums } from './sum-by-window.ts';
export { sumByWindow } from './sum-by-window.ts';
export type { Span, WindowFinder } from './window.ts';
export { createWindowFinder } from './window.ts';
