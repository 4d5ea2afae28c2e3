import type { LedgerEntry, MoneyJson } from '@genops/core';
import { knownCost } from '../entry.ts';
import { entryDimension } from '../entry-query.ts';
import { textToSubunits, toSubunits } from '../subunits.ts';
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

export function factsOf(entry: LedgerEntry): EntryFacts {
  const cost = knownCost(entry);
  return facts(entry, cost?.currency, cost === undefined ? undefined : toSubunits(cost.amount));
}

/** The same, read from what is stored. @param body - an entry as JSON */
export function readFacts(body: string): EntryFacts {
  const entry = JSON.parse(body) as LedgerEntry;
  const total = knownCost(entry) as MoneyJson | undefined;
  return facts(entry, total?.currency, total === undefined ? undefined : textToSubunits(total.amount));
}

function facts(entry: LedgerEntry, currency: string | undefined, cost: bigint | undefined): EntryFacts {
  return {
    id: entry.id,
    kind: entry.kind,
    operationId: entry.operationId,
    at: Date.parse(entry.at),
    group: groupDimensions.map((dimension) => entryDimension(entry, dimension) ?? null),
    sessionId: entry.attribution.sessionId ?? null,
    corrects: entry.corrects ?? null,
    currency: currency ?? entry.held?.currency ?? defaultCurrency,
    cost,
    inputTokens: entry.usage?.inputTokens ?? 0,
    outputTokens: entry.usage?.outputTokens ?? 0,
  };
}

/** Facts on their way to another thread. */
export function factsToJson({ cost, ...facts }: EntryFacts): string {
  return JSON.stringify({ ...facts, cost: cost?.toString() });
}

export function factsFromJson(json: string): EntryFacts {
  const { cost, ...facts } = JSON.parse(json);
  return { ...facts, cost: cost === undefined ? undefined : BigInt(cost) };
}
