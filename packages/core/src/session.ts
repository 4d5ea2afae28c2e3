import type { Attribution } from './attribution.ts';
import type { Limit, LimitMode } from './limit.ts';
import type { Money } from './money.ts';

/** What a session may cost: one counter, which all calls inside it and inside its steps draw on. */
export interface SessionBudget {
  /** As exact decimal text. */
  readonly amount: string;
  /** @default 'USD' */
  readonly currency?: string;
  /** @default 'enforced' */
  readonly mode?: LimitMode;
  /** Percentages of `amount` that alert once. */
  readonly thresholds?: readonly number[];
}

export interface SessionOptions {
  /** What the work is called; becomes the attribute `workflow` of its calls, or a step's name. @default 'session' */
  readonly name?: string;
  /** The attribute `sessionId` of its calls. Given again later, it draws on the same budget. @default a new one */
  readonly id?: string;
  readonly attribution?: Attribution;
  readonly budget?: SessionBudget;
  /** Limits that hold for calls inside only, beside those of the policy. */
  readonly limits?: readonly Limit[];
  /**
   * The most steps that its report lists: of those that have ended the oldest are left out first. What they came
   * to stays in the totals, so a session of a million calls takes no more room than one of a thousand.
   *
   * @default 1_000
   */
  readonly maxSteps?: number;
}

/** A part of a session. It shares the session's id. */
export type StepOptions = Omit<SessionOptions, 'id'>;

/**
 * Calls that belong together: a conversation, a job, an agent's workflow. What it may cost is held call by
 * call, like any limit, and what it came to is known as soon as its calls are.
 */
export interface Session extends AsyncDisposable {
  readonly id: string;
  readonly name: string;
  /** Runs `action`; every governed call made inside it, also after an `await`, belongs to this session. */
  run<Result>(action: () => Result): Result;
  /** A governed `fetch` whose calls belong to this session wherever they are made. */
  readonly fetch: typeof globalThis.fetch;
  /** Begins a part with a report, and perhaps a budget, of its own. It draws on this session's budget too. */
  startStep(options: StepOptions): Session;
  /**
   * Runs `action` as a step and closes it. An error is passed on as it came; the step's report keeps its
   * message and what was spent before it.
   */
  step<Result>(
    options: string | StepOptions,
    action: (step: Session) => Result | PromiseLike<Result>,
  ): Promise<Result>;
  /** What it came to so far. */
  report(): SessionReport;
  /** Takes no more calls, waits until those under way are settled, and says what it all came to. */
  close(): Promise<SessionReport>;
}

/** What calls came to, steps included. */
export interface SessionTotals {
  /** Calls that were admitted. */
  readonly calls: number;
  /** Attempts to have them served: retries and fallbacks count each. */
  readonly attempts: number;
  /** Of the attempts, those that brought no whole answer. */
  readonly failed: number;
  /** Of the attempts, those whose cost nobody knows; not part of `costs`. */
  readonly unpriced: number;
  /** Calls that were not admitted. */
  readonly refused: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** One sum for each currency, exact. */
  readonly costs: readonly Money[];
  /** What caches saved, one sum for each currency; not part of `costs`. */
  readonly avoided: readonly Money[];
  /** The part of `costs` that gateways keep. */
  readonly gatewayFees: readonly Money[];
}

/** What a session or step came to. */
export interface SessionReport extends SessionTotals {
  readonly id: string;
  readonly name: string;
  /** `draft/review#2`: the steps that lead here; empty for the session itself. */
  readonly path: string;
  readonly state: 'open' | 'completed' | 'failed';
  /** Why it failed. */
  readonly error?: string;
  /** Instants. */
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Up to now while it is open. */
  readonly durationMs: number;
  /** In the order in which they began. */
  readonly steps: readonly SessionReport[];
  /** Steps that are not listed any more; absent when all are. What they came to is in the totals. */
  readonly stepsLeftOut?: number;
}
