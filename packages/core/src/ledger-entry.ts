import type { Attribution } from './attribution.ts';
import type { Operation } from './call.ts';
import type { Cost } from './cost.ts';
import type { Decision } from './decision.ts';
import type { GatewayRouting } from './dialect.ts';
import type { Money } from './money.ts';
import type { Usage } from './usage.ts';

/** How one attempt ended. */
export type EntryKind =
  /** It reached the provider; `cost` says what it came to. */
  | 'settled'
  /** It never reached the provider; nothing was spent. */
  | 'released'
  /** Nobody said how it ended before its hold ran out. */
  | 'expired'
  /** It was not admitted. */
  | 'refused'
  /** It changes an earlier entry, which stays as it is. */
  | 'correction';

/** What became of the answer. */
export type Outcome = 'completed' | 'failed' | 'cancelled' | 'incomplete' | 'unknown';

/**
 * One attempt to have a call served, as it is recorded: written once, never changed. An operation is the
 * sum of the entries that carry its id.
 */
export interface LedgerEntry {
  /** The attempt's own id. */
  readonly id: string;
  /** The call that it belongs to. */
  readonly operationId: string;
  /** 1 for the first attempt of the operation. */
  readonly attempt: number;
  readonly kind: EntryKind;
  /** When it was admitted or refused, an instant; decides the window that it counts in. */
  readonly at: string;
  /** When it ended, an instant. */
  readonly endedAt: string;
  readonly provider: string;
  /** The provider's key by id, when a pool chose one. */
  readonly providerKeyId?: string;
  readonly operation: Operation;
  readonly requestModel: string;
  readonly responseModel?: string;
  readonly serviceTier?: string;
  readonly region?: string;
  /** With a gateway: who served behind it, and how that came about. */
  readonly gateway?: GatewayRouting;
  readonly stream: boolean;
  readonly attribution: Attribution;
  readonly decision: Decision;
  /** What was held for it, when money was. */
  readonly held?: Money;
  readonly usage?: Usage;
  readonly cost: Cost;
  readonly outcome: Outcome;
  /** HTTP status of the provider's answer. */
  readonly status?: number;
  /** The provider's own id of the answer. */
  readonly responseId?: string;
  /** With `correction`: the entry that it corrects. */
  readonly corrects?: string;
  /** Facts worth a look: `late_settlement`, `over_hold`, `usage_estimated` … */
  readonly flags?: readonly string[];
}
