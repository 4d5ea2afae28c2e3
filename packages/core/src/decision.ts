import type { LimitState } from './limit.ts';

/** The four verdicts of the GenOps specification. */
export type Verdict = 'allowed' | 'warning' | 'blocked' | 'rate_limited';

/** Reason codes of the GenOps specification; extensions begin with `x_`. */
export type ReasonCode =
  | 'BUDGET_EXCEEDED'
  | 'BUDGET_RESERVATION_FAILED'
  | 'POLICY_DENY_MODEL'
  | 'POLICY_DENY_REGION'
  | 'POLICY_DENY_CONTENT'
  | 'RATE_LIMITED'
  | 'SLA_LATENCY_VIOLATION'
  | 'PROVIDER_ERROR_UPSTREAM'
  | 'ACCOUNTING_INVARIANT_VIOLATION'
  | `x_${string}`;

/** What was decided about a call, with everything needed to explain it later. */
export interface Decision {
  readonly verdict: Verdict;
  /** Present exactly when the verdict is not `allowed`. */
  readonly reasonCode?: ReasonCode;
  /** One sentence for people, numbers included. */
  readonly message?: string;
  /** Ids of the rules that spoke, in the order in which they did. */
  readonly rules: readonly string[];
  /** Every limit that the call drew on, as it stood right after. */
  readonly limits: readonly LimitState[];
  /** What a `shadow` limit or rule would have done. */
  readonly wouldHave?: readonly {
    readonly id: string;
    readonly verdict: Verdict;
    readonly reasonCode: ReasonCode;
  }[];
}

/** A refusal as it goes out to the caller, in whatever dialect they speak. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number;
  readonly reasonCode: ReasonCode;
  /** The reason in the spelling of provider errors: `budget_exceeded`, `unpriced_model`. */
  readonly code: string;
  readonly message: string;
  /** The limit that bound, when one did. */
  readonly limit?: LimitState;
  /** What the call would have needed of that limit. */
  readonly needed?: string;
  /** What the caller can do about it. */
  readonly remedy?: string;
  /** Seconds until the same call could be admitted, when waiting helps. */
  readonly retryAfterSeconds?: number;
}

/** `BUDGET_EXCEEDED` → `budget_exceeded`, `x_unpriced_model` → `unpriced_model`. */
export function refusalCode(reasonCode: ReasonCode): string {
  return reasonCode.replace(/^x_/, '').toLowerCase();
}
