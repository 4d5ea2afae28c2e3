import type { Attribution } from './attribution.ts';
import type { Operation } from './call.ts';
import type { Cost } from './cost.ts';
import type { AnswerFacts, RequestFacts } from './dialect.ts';
import type { GovernorListener } from './events.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import type { Limit, LimitState } from './limit.ts';
import type { Money } from './money.ts';
import type { ModelAt, Provider } from './provider.ts';
import type { Session, SessionOptions } from './session.ts';
import type { Usage } from './usage.ts';

/**
 * What tools built on a governor use of it. `createGovernor` of `@genops/governor` makes one; whoever takes
 * one as an argument needs no dependency on that package.
 */
export interface CallGovernor {
  readonly fetch: typeof globalThis.fetch;
  /** The same client, governed. */
  wrap<Client extends GovernableClient>(client: Client, options?: { readonly provider?: Provider }): Client;
  /** @returns a function that ends it */
  on(listener: GovernorListener): () => void;
  /** Adds limits for all calls to come. @returns a function that takes them away again */
  addLimits(limits: readonly Limit[]): () => void;
  /** Runs `action`; calls made inside it, also after an `await`, draw on these limits too. */
  withLimits<Result>(limits: readonly Limit[], action: () => Result): Result;
  startSession(options?: SessionOptions): Session;
  /** Books a call that was made elsewhere. */
  recordUsage(record: UsageRecord): Promise<LedgerEntry>;
  /** Orders places that could serve a request, the best first. */
  rank(question: RankQuestion): readonly RankedModel[];
  readonly pricing: {
    price(question: {
      readonly provider: string;
      readonly model: string;
      readonly at: string;
      readonly usage: Usage;
    }): Cost;
  };
  readonly ledger: {
    entries(query?: {
      readonly filter?: EntryConditions;
      readonly cursor?: string;
      readonly pageSize?: number;
    }): Promise<{ readonly entries: readonly LedgerEntry[]; readonly nextCursor?: string }>;
    sum(query: {
      readonly by: readonly string[];
      readonly filter?: EntryConditions;
    }): Promise<readonly EntrySum[]>;
    states(
      limits: readonly { readonly limit: Limit; readonly bucket: string }[],
    ): Promise<readonly LimitState[]>;
  };
}

/** What the official SDK clients have in common. */
export interface GovernableClient {
  readonly baseURL: string;
  withOptions(options: { readonly fetch: typeof globalThis.fetch; readonly maxRetries: number }): unknown;
}

/** Which entries are meant. Every condition must hold. */
export interface EntryConditions {
  /** Instants: inclusive, exclusive. */
  readonly from?: string;
  readonly until?: string;
  readonly match?: Readonly<Record<string, readonly string[]>>;
}

/** What a group of entries adds up to. */
export interface EntrySum {
  readonly group: Readonly<Record<string, string | null>>;
  readonly cost: Money;
  readonly entries: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A call that was made elsewhere and is only booked here: a batch's results, another process, a socket. */
export interface UsageRecord {
  readonly provider: string;
  readonly model: string;
  /** Inclusive counters. */
  readonly usage?: Usage;
  /** Work beside that usage, which another model did or which is priced on its own. */
  readonly parts?: AnswerFacts['parts'];
  /** The tier that served: `batch`. @default the provider's usual one */
  readonly serviceTier?: string;
  /** The provider's own id of the answer. */
  readonly responseId?: string;
  /** The model that answered, where that is not the one that was asked for. */
  readonly responseModel?: string;
  /** What was charged, where that is known; wins over the catalogue. */
  readonly cost?: Money;
  /** Of an answer out of a cache: what it would have cost. Its cost is nothing. */
  readonly avoided?: Money;
  /** @default 'chat' */
  readonly operation?: Operation;
  readonly attribution?: Attribution;
  /** Booked once however often it is sent. @default a new one */
  readonly id?: string;
}

/** What a choice of a model is made for. */
export type RankObjective =
  /** What the request will probably cost. */
  | 'cost'
  /** How fast answers were. */
  | 'latency'
  /** How often answers came. */
  | 'reliability'
  /** All three. */
  | 'balanced'
  /** As they were given. */
  | 'order'
  /** Each in turn. */
  | 'round_robin';

export interface RankQuestion {
  readonly candidates: readonly ModelAt[];
  readonly objective: RankObjective;
  readonly facts: RequestFacts;
}

/** A candidate with what decided its rank. */
export interface RankedModel extends ModelAt {
  /** Between 0 and 1, the best first. */
  readonly score: number;
  /** What the request will probably cost there; absent when no price is known. */
  readonly estimatedCost?: Money;
  /** For people: what spoke for or against it, numbers included. */
  readonly reason: string;
}
