import type { Call } from './call.ts';
import type { Refusal } from './decision.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import type { LimitState } from './limit.ts';

/** What happens to a call, announced after the fact. Listeners cannot change or break it. */
export type GovernorEvent =
  | { readonly kind: 'refused'; readonly call: Call; readonly refusal: Refusal; readonly entry: LedgerEntry }
  | {
      readonly kind: 'settled';
      readonly call: Call;
      readonly entry: LedgerEntry;
      readonly durationMs: number;
    }
  /** What an entry came to was put right afterwards; `entry` has the difference. */
  | { readonly kind: 'corrected'; readonly call: Call; readonly entry: LedgerEntry }
  | { readonly kind: 'threshold'; readonly limit: LimitState; readonly threshold: number };

export type GovernorListener = (event: GovernorEvent) => void;
