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
  | { readonly kind: 'threshold'; readonly limit: LimitState; readonly threshold: number }
  | BreakerChanged
  | KeyChanged;

/** Something gets no traffic because it failed too often, or gets it again. */
export interface BreakerChanged {
  readonly kind: 'breaker';
  readonly of: 'provider' | 'target' | 'key';
  /** Of the provider, the target (`openai/gpt-4o`) or the key. */
  readonly id: string;
  readonly state: 'open' | 'closed';
  /** An instant. */
  readonly at: string;
  /** When something may find out whether it is back, an instant. */
  readonly until?: string;
}

/** A provider's key became usable or unusable. Never has key material in it. */
export interface KeyChanged {
  readonly kind: 'key';
  readonly keyId: string;
  readonly provider: string;
  /** `available`, `throttled`, `exhausted`, `recovering`, `disabled`, `invalid`. */
  readonly fromState: string;
  readonly toState: string;
  /** An instant. */
  readonly at: string;
  /** What brought it about: the id of an error class, `cooldown_over`, `reset`, `by_hand` … */
  readonly trigger: string;
  /** Until when it rests, an instant. */
  readonly until?: string;
}

export type GovernorListener = (event: GovernorEvent) => void;
