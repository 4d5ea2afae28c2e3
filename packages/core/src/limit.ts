/**
 * A limit is an amount of a unit in a window for a scope. Budgets, quotas and rate limits differ only in
 * these four words.
 */
export interface Limit {
  /** Stable, chosen by whoever wrote it: `search-monthly`. */
  readonly id: string;
  readonly unit: LimitUnit;
  /** How much, in `unit`, as exact decimal text. */
  readonly amount: string;
  /** Of `amount` when the unit is money. @default 'USD' */
  readonly currency?: string;
  readonly window: LimitWindow;
  readonly scope: LimitScope;
  /** `enforced` refuses, `advisory` warns, `shadow` only records what it would have done. */
  readonly mode: LimitMode;
  /** What happens to a call that does not fit. @default 'refuse' */
  readonly onExceeded?: LimitEdge;
  /** With `elastic`: how far beyond `amount` calls may still go, as exact decimal text. */
  readonly overdraft?: string;
  /** With `downgrade`: the model to use instead. */
  readonly downgradeTo?: string;
  /** Carries what was left of the window before into this one, up to this amount. */
  readonly rollOverUpTo?: string;
  /** More for a while, without touching `amount`: the last one in force wins. */
  readonly increases?: readonly TemporaryIncrease[];
  /** Percentages of `amount` that alert once per window. */
  readonly thresholds?: readonly number[];
}

export interface TemporaryIncrease {
  /** Added to `amount`, as exact decimal text. */
  readonly amount: string;
  /** An instant, inclusive. */
  readonly from: string;
  /** An instant, exclusive. */
  readonly until: string;
}

export type LimitUnit = 'money' | 'tokens' | 'requests' | 'concurrency';
export type LimitMode = 'enforced' | 'advisory' | 'shadow';
export type LimitEdge = 'refuse' | 'clamp' | 'downgrade' | 'elastic';

export type CalendarPeriod = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

/** When the counting starts anew. Windows are computed when read; no job resets anything. */
export type LimitWindow =
  | {
      readonly kind: 'calendar';
      readonly period: CalendarPeriod;
      /** IANA name. @default 'UTC' */
      readonly timeZone?: string;
      /** First month of the fiscal year, 1 to 12; shifts quarters and years. @default 1 */
      readonly fiscalYearStartMonth?: number;
    }
  | { readonly kind: 'rolling'; readonly seconds: number }
  | { readonly kind: 'fixed'; readonly seconds: number; readonly anchor?: string }
  /** A steady rate of `amount` per `seconds` (GCRA), with `burst` at once. */
  | { readonly kind: 'rate'; readonly seconds: number; readonly burst?: string }
  /** Each call by itself. */
  | { readonly kind: 'request' }
  /** Each value of `sessionId`. */
  | { readonly kind: 'session' }
  | { readonly kind: 'lifetime' };

/** Which calls a limit counts, and whether they share one counter. */
export interface LimitScope {
  /**
   * Every dimension must have one of these values: `team`, `customerId`, `tags.<name>`, `provider`,
   * `model`, `route` … Absent or empty matches every call.
   */
  readonly match?: Readonly<Record<string, readonly string[]>>;
  /** One counter for each combination of these dimensions' values: `['customerId']`. */
  readonly per?: readonly string[];
}

/** A limit as it stood when a call was admitted or refused. All amounts are exact decimal text in `unit`. */
export interface LimitState {
  readonly limitId: string;
  /** Which of the limit's counters: `customerId=acme`, or empty when it has only one. */
  readonly bucket: string;
  readonly unit: LimitUnit;
  readonly currency?: string;
  readonly mode: LimitMode;
  /** What may be used in this window, increases and roll-over included. */
  readonly amount: string;
  readonly settled: string;
  readonly held: string;
  /** `amount - settled - held`; negative after an overrun. */
  readonly available: string;
  /** Instants; absent where the window has no edge. */
  readonly windowStart?: string;
  readonly resetsAt?: string;
}
