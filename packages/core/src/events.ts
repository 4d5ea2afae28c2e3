import type { Call } from './call.ts';
import type { Refusal } from './decision.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import type { LimitState } from './limit.ts';

/** What happens to a call, announced after the fact. Listeners cannot change or break it. */
export type GovernorEvent =
  | {
      readonly kind: 'refused';
      readonly call: Call;
      readonly refusal: Refusal;
      readonly entry: LedgerEntry;
      readonly timing?: StageTiming;
    }
  | {
      readonly kind: 'settled';
      readonly call: Call;
      readonly entry: LedgerEntry;
      /** Since the call was identified, whichever attempt this is. */
      readonly durationMs: number;
      /** How long the attempt and the stages around it took; absent for a call that was made elsewhere. */
      readonly timing?: AttemptTiming;
      /** False for an attempt whose place another one took: the caller never got its answer. @default true */
      readonly answered?: boolean;
      /** The limits that it drew on, as they stood once it was settled. */
      readonly limits?: readonly LimitState[];
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

/** What our own stages took before anything was sent. */
export interface StageTiming {
  /** Asking the rules. */
  readonly decisionMs: number;
  /** Putting places in order. */
  readonly routingMs: number;
}

/** How long one attempt took, and the stages around it. */
export interface AttemptTiming extends StageTiming {
  /** When it was sent, an instant. */
  readonly startedAt: string;
  /** From sending it to the end of its answer. */
  readonly durationMs: number;
  /** From sending it to the first byte of its answer; absent when none came. */
  readonly timeToFirstByteMs?: number;
  /** Of what it consumed. */
  readonly pricingMs: number;
}
