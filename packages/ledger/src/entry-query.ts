import { attributeOf, type LedgerEntry, type Money } from '@genops/core';
import { knownCost } from './entry.ts';
import { instantMs } from './entry-page.ts';
import type { EntryFilter, SumRow } from './ledger.ts';
import { subunitsToDecimal, toSubunits } from './subunits.ts';

/** One dimension of an entry by its name: `provider`, `model`, `kind`, `team`, `tags.<name>` … */
export function entryDimension(entry: LedgerEntry, name: string): string | undefined {
  switch (name) {
    case 'model':
      return entry.requestModel;
    case 'hostProvider':
      return entry.gateway?.hostProvider;
    case 'provider':
    case 'providerKeyId':
    case 'operation':
    case 'responseModel':
    case 'serviceTier':
    case 'region':
    case 'kind':
    case 'outcome':
      return entry[name];
    default:
      return attributeOf(entry.attribution, name);
  }
}

/** Whether an entry meets every condition. */
export function entryMatcher(filter: EntryFilter = {}): (entry: LedgerEntry) => boolean {
  const from = filter.from === undefined ? Number.NEGATIVE_INFINITY : instantMs('from', filter.from);
  const until = filter.until === undefined ? Number.POSITIVE_INFINITY : instantMs('until', filter.until);
  const match = Object.entries(filter.match ?? {});
  return (entry) => {
    const at = Date.parse(entry.at);
    if (at < from || at >= until) return false;
    if (filter.operationId !== undefined && entry.operationId !== filter.operationId) return false;
    if (filter.kind !== undefined && !filter.kind.includes(entry.kind)) return false;
    return match.every(([name, values]) => {
      const value = entryDimension(entry, name);
      return value !== undefined && values.includes(value);
    });
  };
}

/** What one or more entries add up to. */
export interface Tally {
  readonly group: readonly (string | null)[];
  readonly currency: string;
  cost: bigint;
  entries: number;
  inputTokens: number;
  outputTokens: number;
  unpriced: number;
  refused: number;
}

/** Adds entries up, group by group and currency by currency. */
export interface Tallies {
  readonly add: (tally: Tally) => void;
  readonly rows: () => SumRow[];
}

export function createTallies(by: readonly string[]): Tallies {
  const tallies = new Map<string, Tally>();
  return {
    add: (tally) => {
      const key = JSON.stringify([tally.currency, ...tally.group]);
      const sum = tallies.get(key);
      if (sum === undefined) {
        tallies.set(key, { ...tally });
        return;
      }
      sum.cost += tally.cost;
      for (const counter of counters) sum[counter] += tally[counter];
    },
    rows: () => [...tallies.values()].map((tally) => toRow(by, tally)).sort(byCostThenGroup),
  };
}

const counters = ['entries', 'inputTokens', 'outputTokens', 'unpriced', 'refused'] as const;

/** Entries without a known cost count in this currency. */
const defaultCurrency = 'USD';

export function tallyOf(by: readonly string[], entry: LedgerEntry): Tally {
  const cost: Money | undefined = knownCost(entry);
  return {
    group: by.map((name) => entryDimension(entry, name) ?? null),
    currency: cost?.currency ?? entry.held?.currency ?? defaultCurrency,
    cost: cost === undefined ? 0n : toSubunits(cost.amount),
    entries: 1,
    inputTokens: entry.usage?.inputTokens ?? 0,
    outputTokens: entry.usage?.outputTokens ?? 0,
    unpriced: cost === undefined ? 1 : 0,
    refused: entry.kind === 'refused' ? 1 : 0,
  };
}

function toRow(by: readonly string[], { group, currency, cost, ...counted }: Tally): SumRow {
  return {
    group: Object.fromEntries(by.map((name, index) => [name, group[index] ?? null])),
    cost: { amount: subunitsToDecimal(cost), currency },
    ...counted,
  };
}

/** The dearest first; equal ones by name, so that the order is always the same. */
function byCostThenGroup(left: SumRow, right: SumRow): number {
  return (
    right.cost.amount.cmp(left.cost.amount) ||
    compareText(left.cost.currency, right.cost.currency) ||
    compareText(JSON.stringify(left.group), JSON.stringify(right.group))
  );
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
