import type { LedgerEntry, MoneyJson } from '@genops/core';
import { entryDimension } from '../entry-query.ts';
import { textToSubunits } from '../subunits.ts';
import { groupDimensions } from './dimensions.ts';

/** What of an entry is a column. */
export interface EntryFacts {
  readonly id: string;
  readonly kind: LedgerEntry['kind'];
  readonly operationId: string;
  readonly at: number;
  /** One value for each of {@link groupDimensions}. */
  readonly group: readonly (string | null)[];
  readonly sessionId: string | null;
  readonly corrects: string | null;
  readonly currency: string;
  /** In sub-units; absent when it is not known. */
  readonly cost: bigint | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Entries without a known cost or hold count in this currency. */
const defaultCurrency = 'USD';

/** @param body - an entry as JSON */
export function readFacts(body: string): EntryFacts {
  const entry = JSON.parse(body) as LedgerEntry;
  const total = entry.cost.result === 'priced' ? (entry.cost.total as unknown as MoneyJson) : undefined;
  return {
    id: entry.id,
    kind: entry.kind,
    operationId: entry.operationId,
    at: Date.parse(entry.at),
    group: groupDimensions.map((dimension) => entryDimension(entry, dimension) ?? null),
    sessionId: entry.attribution.sessionId ?? null,
    corrects: entry.corrects ?? null,
    currency: total?.currency ?? entry.held?.currency ?? defaultCurrency,
    cost: total === undefined ? undefined : textToSubunits(total.amount),
    inputTokens: entry.usage?.inputTokens ?? 0,
    outputTokens: entry.usage?.outputTokens ?? 0,
  };
}
