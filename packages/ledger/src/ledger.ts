import type { Decimal, EntryKind, LedgerEntry, Limit, LimitState, Money } from '@genops/core';

/**
 * What is held and what is spent. Money moves in two phases: {@link Ledger.reserve} holds it before the
 * call, then exactly one of `settle`, `release` or expiry ends the hold.
 *
 * Every operation is idempotent by id: the same id with the same content gets the same answer and has no
 * second effect; the same id with other content is a conflict. An operation that resolves is durable
 * to the degree that the driver promises; one that rejects had no effect or an unknown one, and may be
 * sent again with the same id.
 *
 * A repeat gets the same result, instants and amounts; `states` are how the limits stand when it comes, and
 * thresholds are told only once. A refusal holds nothing and is not remembered: sent again, it is judged
 * anew. Ids that sort by time keep a store's index small.
 */
export interface Ledger {
  /** Such as `memory`, `sqlite`. */
  readonly driver: string;
  /**
   * Holds every draw in one atomic step, or none.
   *
   * @throws {LedgerUnavailableError} when the store does not answer; nothing is held then
   */
  reserve(request: ReserveRequest): Promise<ReserveResult>;
  /** Ends a hold with what the attempt came to, also when that is above the hold or comes after expiry. */
  settle(request: SettleRequest): Promise<EndResult>;
  /** Ends a hold of an attempt that never reached the provider. */
  release(request: ReleaseRequest): Promise<EndResult>;
  /** Records an entry that holds nothing: a refusal before any reservation, a correction. */
  record(entry: LedgerEntry): Promise<EndResult>;
  /** Ends every hold whose time is over. Safe to run at any time, in any number of places. */
  expire(): Promise<{ readonly expired: number }>;
  /** How limits stand now, in the store's own time. Advice only: the check is the reservation. */
  states(limits: readonly LimitQuery[]): Promise<readonly LimitState[]>;
  /** Entries, page by page. */
  entries(query?: EntryQuery): Promise<EntryPage>;
  /** Sums over entries, grouped by the dimensions asked for. */
  sum(query: SumQuery): Promise<readonly SumRow[]>;
  /**
   * Recomputes counters and the hash chain from the entries and names what differs. Changes nothing.
   *
   * Whoever may write to the store can also compute the chain anew, or cut off its end; an anchor that was kept
   * somewhere else shows that too.
   *
   * @throws {ConfigurationError} when the anchor is none
   */
  verify(options?: VerifyOptions): Promise<VerifyResult>;
  /** Waits for what is under way. Safe to call twice. */
  close(): Promise<void>;
}

/** A ledger that keeps what it has when the process ends. */
export interface DurableLedger extends Ledger {
  /**
   * Takes old entries out for good: their content is gone, while sums, limits and the hash chain stay as they
   * are. Their ids may be used again afterwards.
   */
  retire(request: RetireRequest): Promise<RetireResult>;
}

export interface RetireRequest {
  /** An instant: entries admitted before it are taken out, but never one that a live hold is younger than. */
  readonly before: string;
  /** Entries that stay although they are old enough. */
  readonly legalHold?: EntryFilter;
}

export interface RetireResult {
  readonly retired: number;
  /** Under legal hold. */
  readonly kept: number;
}

/** One limit that a call draws on. */
export interface Draw {
  readonly limit: Limit;
  /** Which of the limit's counters, as `bucketOf` names it. */
  readonly bucket: string;
  /** In the limit's unit: money in its currency, else a count. Never negative. */
  readonly amount: Decimal;
  /**
   * With {@link ReserveRequest.clampSteps}: what the call needs of this limit when its output is capped as
   * low as it may be. Absent means that capping the output changes nothing here.
   */
  readonly minimum?: Decimal;
}

export interface LimitQuery {
  readonly limit: Limit;
  readonly bucket: string;
}

export interface ReserveRequest {
  /** Id of the attempt; becomes the id of its entry. */
  readonly id: string;
  readonly draws: readonly Draw[];
  /** After this the hold expires by itself, counted on the store's clock. */
  readonly expiresInMs: number;
  /**
   * Lets limits whose `onExceeded` is `clamp` shrink the call instead of refusing it. The output may be
   * capped in this many equal steps (such as tokens) between the draws' `minimum` (0 steps) and `amount`
   * (all of them); the ledger grants the most steps that fit, in the same atomic step that holds them.
   */
  readonly clampSteps?: number;
  /** What an entry written at expiry says. `kind`, `at`, `endedAt` and `cost` are the ledger's to fill in. */
  readonly entry: HoldEntry;
}

/** The part of an entry that is known when the attempt begins. */
export type HoldEntry = Pick<
  LedgerEntry,
  | 'operationId'
  | 'attempt'
  | 'provider'
  | 'operation'
  | 'requestModel'
  | 'stream'
  | 'attribution'
  | 'decision'
> &
  Partial<Pick<LedgerEntry, 'providerKeyId' | 'region' | 'serviceTier' | 'held'>>;

export type ReserveResult =
  | {
      readonly result: 'held';
      /** The store's instant of admission; decides the windows that the hold counts in. */
      readonly at: string;
      readonly expiresAt: string;
      /** With `clampSteps`: how many of them are granted. Each draw holds its share, rounded up. */
      readonly granted?: number;
      /** Every limit drawn on, right after, in the order of the draws. */
      readonly states: readonly LimitState[];
      /** Advisory and shadow limits that the call went over. */
      readonly exceeded: readonly Shortfall[];
      /** Thresholds crossed for the first time in their window. */
      readonly thresholds: readonly CrossedThreshold[];
    }
  | {
      readonly result: 'refused';
      readonly at: string;
      /** Of the limit that binds longest, when several do. */
      readonly shortfall: Shortfall;
      /** Every limit asked for, as it stands, in the order of the draws. */
      readonly states: readonly LimitState[];
    }
  | Conflict;

/** The id is known with other content, or another ending came first. Nothing was changed. */
export interface Conflict {
  readonly result: 'conflict';
  readonly message: string;
  /** How the hold had ended, when it had. */
  readonly endedAs?: EntryKind;
}

/** What did not fit, and by how much. */
export interface Shortfall {
  readonly state: LimitState;
  /** What the call would have needed, as exact decimal text in the limit's unit. */
  readonly needed: string;
  /** Milliseconds after which the same call would fit if nothing else happened; absent when waiting does not help. */
  readonly retryAfterMs?: number;
}

export interface CrossedThreshold {
  readonly state: LimitState;
  readonly threshold: number;
}

export interface SettleRequest {
  readonly id: string;
  /** What each draw came to, in the order in which they were reserved. */
  readonly amounts: readonly Decimal[];
  readonly entry: SettledEntry;
}

/** Everything of an entry but what the ledger knows by itself. */
export type SettledEntry = Omit<LedgerEntry, 'id' | 'kind' | 'at' | 'endedAt' | 'corrects'>;

export interface ReleaseRequest {
  readonly id: string;
  readonly entry: SettledEntry;
}

export type EndResult =
  | {
      readonly result: 'recorded';
      readonly entry: LedgerEntry;
      /** Every limit drawn on, right after, in the order of the draws. */
      readonly states: readonly LimitState[];
      readonly thresholds: readonly CrossedThreshold[];
    }
  | Conflict
  | { readonly result: 'unknown_hold'; readonly message: string };

export interface EntryQuery {
  readonly filter?: EntryFilter;
  /**
   * By when they were written.
   *
   * @default 'oldest_first'
   */
  readonly order?: EntryOrder;
  /** @default 100 */
  readonly pageSize?: number;
  /** From the page before, of the same order. */
  readonly cursor?: string;
}

export type EntryOrder = 'oldest_first' | 'newest_first';

/** Every condition must hold; several values of one mean any of them. */
export interface EntryFilter {
  /** Instants: inclusive, exclusive. */
  readonly from?: string;
  readonly until?: string;
  readonly operationId?: string;
  readonly kind?: readonly LedgerEntry['kind'][];
  /** `team`, `customerId`, `tags.<name>`, `provider`, `model`, `operation` … */
  readonly match?: Readonly<Record<string, readonly string[]>>;
}

export interface EntryPage {
  readonly entries: readonly LedgerEntry[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export interface SumQuery {
  /** Such as `['team', 'model']`; empty gives one total. */
  readonly by: readonly string[];
  readonly filter?: EntryFilter;
}

export interface SumRow {
  /** One value for each dimension asked for; `null` where entries have none. */
  readonly group: Readonly<Record<string, string | null>>;
  /** Exact; one row for each currency. */
  readonly cost: Money;
  readonly entries: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Entries whose cost is not known. Not part of `cost`. */
  readonly unpriced: number;
  readonly refused: number;
}

export interface VerifyOptions {
  /** From an earlier {@link VerifyResult}: the chain has to go through it still. */
  readonly anchor?: string;
}

export interface VerifyResult {
  readonly result: 'intact' | 'damaged';
  readonly entries: number;
  /** Sentences; those on the chain begin with the first entry that is broken. */
  readonly findings: readonly string[];
  /** Where the chain ends: position and hash, `1234:9f86…`. Absent where there is no chain. */
  readonly anchor?: string;
}
