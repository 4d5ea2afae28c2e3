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

/**
 * Where a call could go: every candidate, and why it stands where it stands. Together with `asked` and the
 * candidates' facts it has everything that the decision was made from, so that it can be made again.
 */
export interface Routing {
  /** By what candidates were ordered: `cost`, `latency` … */
  readonly strategy: string;
  /** Those that may serve, best first, then those that may not. */
  readonly candidates: readonly RoutingCandidate[];
  /** For each candidate that keys of a pool could serve: how many could, and how many rested, by reason. */
  readonly keys?: Readonly<
    Record<string, { readonly usable: number; readonly resting?: Readonly<Record<string, number>> }>
  >;
  /** Some of the keys that rested, one by one. */
  readonly restingKeys?: readonly {
    readonly keyId: string;
    readonly reason: string;
    /** An instant; absent where only a person can help. */
    readonly until?: string;
  }[];
  /** Cost of the cheapest candidate that could serve ÷ cost of the first one, 0 to 1. */
  readonly routeEfficiency?: number;
  /** The soonest instant at which something that was in the way may be gone. */
  readonly retryAt?: string;
  /** What was asked; absent where nothing of it mattered because there was one candidate alone. */
  readonly asked?: RoutingQuestion;
  /** With a mirrored call: the operation that it repeats. */
  readonly mirrorOf?: string;
}

/** What a decision about a route was asked. */
export interface RoutingQuestion {
  readonly stream: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly capabilities?: readonly string[];
  /** As the router has them, money as JSON. */
  readonly constraints?: Readonly<Record<string, unknown>>;
  /** With a strategy of several objectives. */
  readonly weights?: Readonly<Record<string, number>>;
  /** A session's place, or the arm of a split: goes first if it may. */
  readonly preferred?: { readonly targetId: string; readonly keyId?: string; readonly why: string };
  /** Places that have more of this went before those that have less. */
  readonly prefer?: { readonly regions?: readonly string[]; readonly tiers?: readonly string[] };
  /** The strategy that ordered all but the first. */
  readonly fallback?: string;
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
  /** What was known of it; absent where a rule ruled it out before, and where it was alone. */
  readonly facts?: RoutingFacts;
}

/** What was known of a candidate when the decision was made. */
export interface RoutingFacts {
  /** Place in the configured order, from 0. */
  readonly position: number;
  readonly provider: string;
  readonly model: string;
  readonly region?: string;
  readonly tier?: string;
  readonly capabilities?: readonly string[];
  readonly contextTokens?: number;
  readonly zeroRetention?: boolean;
  /** The most that the request could come to there, where that is more than its probable cost. */
  readonly bound?: MoneyJson;
  readonly latencyMs: number;
  readonly timeToFirstTokenMs: number;
  /** 0 to 1. */
  readonly successRate: number;
  readonly inFlight: number;
  readonly uses: number;
  /** 0 to 1, and who says so; absent where nobody does. */
  readonly quality?: { readonly value: number; readonly from: string };
  /** The breaker's word, when it was open. */
  readonly closed?: string;
  /** The key that a pool drew, or why there was none. */
  readonly key?: RoutingKey;
}

export interface RoutingKey {
  /** Share that was left of its quotas, 0 to 1; absent where there was no key. */
  readonly headroom?: number;
  /** Why it was this one, or none; absent where two were weighed. */
  readonly reason?: string;
  /** The two that were drawn; the smaller burden was taken. */
  readonly weighed?: readonly { readonly keyId: string; readonly burden: number }[];
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
