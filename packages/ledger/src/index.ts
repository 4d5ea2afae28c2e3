export { LedgerCorruptError, LedgerUnavailableError } from './errors.ts';
export type {
  Conflict,
  CrossedThreshold,
  Draw,
  EndResult,
  EntryFilter,
  EntryPage,
  EntryQuery,
  HoldEntry,
  Ledger,
  LimitQuery,
  ReleaseRequest,
  ReserveRequest,
  ReserveResult,
  SettledEntry,
  SettleRequest,
  Shortfall,
  SumQuery,
  SumRow,
  VerifyResult,
} from './ledger.ts';
export type { Span, WindowFinder } from './window.ts';
export { createWindowFinder } from './window.ts';
