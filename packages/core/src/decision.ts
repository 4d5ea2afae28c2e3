import type { LimitState } from './limit.ts';
import type { MoneyJson } from './money.ts';

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
  /** Where the call could go, and why it went where it did. */
  readonly routing?: Routing;
  /** What a `shadow` limit or rule would have done. */
  readonly wouldHave?: readonly {
    readonly id: string;
    readonly verdict: Verdict;
    readonly reasonCode: ReasonCode;
  }[];
}

/** Where a call could go: every candidate, and why it stands where it stands. */
export interface Routing {
  /** By what candidates were ordered: `cost`, `latency` … */
  readonly strategy: string;
  /** Those that may serve, best first, then those that may not. */
  readonly candidates: readonly RoutingCandidate[];
  /** Keys that could not be used, one by one. */
  readonly restingKeys?: readonly {
    readonly keyId: string;
    readonly reason: string;
    /** An instant; absent where only a person can help. */
    readonly until?: string;
  }[];
  /** How many more keys could have been used, by target. */
  readonly otherKeys?: Readonly<Record<string, number>>;
  /** Cost of the cheapest candidate that could serve ÷ cost of the first one, 0 to 1. */
  readonly routeEfficiency?: number;
}

/** One place that a call could go to. */
export interface RoutingCandidate {
  /** `openai/gpt-4o`, `azure-openai/gpt-4o@eu`. */
  readonly targetId: string;
  /** The provider's key by id, when a pool chose one. */
  readonly keyId?: string;
  /** 1 for the one that is tried first; absent for what may not serve. */
  readonly rank?: number;
  readonly score?: number;
  readonly cost?: MoneyJson;
  readonly reason: string;
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
