import { addMoney, ConfigurationError, compareMoney, type Money, subtractMoney } from '@genops/core';
import type { EntryFilter, Ledger, SumRow } from '@genops/ledger';
import { averageMoney, shareOf } from './amounts.ts';
import { eachEntry } from './each-entry.ts';
import { createEntryDetails, type EntryDetails, noMoney } from './entry-details.ts';
import { type Group, groupKey } from './group-key.ts';

export interface SummaryQuery {
  /** Such as `['team', 'model']`; empty gives one total for each currency. */
  readonly by: readonly string[];
  /** Instants: inclusive, exclusive. */
  readonly from: string;
  readonly until: string;
  readonly match?: EntryFilter['match'];
  /**
   * Whether every entry is looked at. Without, sums alone answer, which takes milliseconds on any ledger.
   *
   * @default 'entries'
   */
  readonly details?: 'entries' | 'none';
}

/** What one group came to. Its figures are the ledger's own sums, to the last digit. */
export interface SummaryRow {
  readonly group: Group;
  readonly cost: Money;
  /** Attempts that were let through to a provider. */
  readonly calls: number;
  readonly refused: number;
  /** Entries whose cost is not known. Not part of `cost`. */
  readonly unpriced: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Absent where there was none of the unit. */
  readonly costPerCall?: Money;
  readonly costPerMillionTokens?: Money;
  readonly details?: EntryDetails;
  /** The same stretch of time before, and how much more was spent now. */
  readonly before: Money;
  readonly change: Money;
  /** `change` as a share of `before`; absent where nothing was spent before. */
  readonly changeShare?: number;
}

export interface Summary {
  readonly from: string;
  readonly until: string;
  /** The dearest first. Groups that spent only before are here too, with nothing. */
  readonly rows: readonly SummaryRow[];
  /** For each currency. */
  readonly totals: readonly Money[];
  /** Rows whose spending changed, the most changed first. */
  readonly movers: readonly SummaryRow[];
}

/**
 * What was spent in a stretch of time, by any dimensions, beside the stretch of the same length before it.
 *
 * @throws {ConfigurationError} when the time has no length
 */
export async function summarize(
  ledger: Pick<Ledger, 'sum' | 'entries'>,
  query: SummaryQuery,
): Promise<Summary> {
  const { by, from, until, match, details: wanted = 'entries' } = query;
  const length = Date.parse(until) - Date.parse(from);
  if (!(length > 0))
    throw new ConfigurationError('until', `expected an instant after ${from}, got "${until}"`);
  const sumsOf = (span: { readonly from: string; readonly until: string }): Promise<readonly SumRow[]> =>
    ledger.sum({ by: [...by, 'kind'], filter: { ...span, ...(match !== undefined && { match }) } });
  const now = await sumsOf({ from, until });
  const before = await sumsOf({ from: new Date(Date.parse(from) - length).toISOString(), until: from });
  const details = wanted === 'entries' ? createEntryDetails(by) : undefined;
  if (details !== undefined) {
    const filter = { from, until, ...(match !== undefined && { match }) };
    for await (const entry of eachEntry(ledger, filter)) details.add(entry);
  }
  return { from, until, ...summarizeSums(by, { now, before }, details?.of) };
}

/**
 * The same from sums that were read already, by the dimensions and `kind`.
 *
 * @param detailsOf - what entries say of a group, where somebody looked
 */
export function summarizeSums(
  by: readonly string[],
  sums: { readonly now: readonly SumRow[]; readonly before: readonly SumRow[] },
  detailsOf?: (group: Group, currency: string) => EntryDetails,
): Omit<Summary, 'from' | 'until'> {
  const now = mergeKinds(by, sums.now);
  const before = mergeKinds(by, sums.before);
  const keys = new Set([...now.keys(), ...before.keys()]);
  const rows = [...keys].map((key) => {
    const past = before.get(key);
    const row = now.get(key) ?? { ...(past as Merged), ...nothingOf(past as Merged) };
    const costBefore = past?.cost ?? noMoney(row.cost.currency);
    const change = subtractMoney(row.cost, costBefore);
    const changeShare = shareOf(change, costBefore);
    const perCall = averageMoney(row.cost, row.calls);
    const perToken = averageMoney(row.cost, row.inputTokens + row.outputTokens);
    return {
      ...row,
      ...(perCall !== undefined && { costPerCall: perCall }),
      ...(perToken !== undefined && {
        costPerMillionTokens: { amount: perToken.amount.times('1000000'), currency: perToken.currency },
      }),
      ...(detailsOf !== undefined && { details: detailsOf(row.group, row.cost.currency) }),
      before: costBefore,
      change,
      ...(changeShare !== undefined && { changeShare }),
    };
  });
  rows.sort((left, right) => right.cost.amount.cmp(left.cost.amount) || order(by, left, right));
  const movers = rows.filter(({ change }) => !change.amount.eq('0'));
  movers.sort((left, right) => right.change.amount.abs().cmp(left.change.amount.abs()));
  return { rows, totals: totalsOf(rows), movers };
}

type Merged = Pick<
  SummaryRow,
  'group' | 'cost' | 'calls' | 'refused' | 'unpriced' | 'inputTokens' | 'outputTokens'
>;

/** Rows by group and kind become rows by group: kinds say which entries are calls. */
function mergeKinds(by: readonly string[], sums: readonly SumRow[]): Map<string, Merged> {
  const merged = new Map<string, Merged>();
  for (const { group, cost, entries, inputTokens, outputTokens, unpriced, refused } of sums) {
    const own: Group = Object.fromEntries(by.map((name) => [name, group[name] ?? null]));
    const key = `${cost.currency} ${groupKey(own, by)}`;
    const known = merged.get(key) ?? nothingOf({ group: own, cost });
    const isCall = group['kind'] === 'settled' || group['kind'] === 'expired';
    merged.set(key, {
      group: own,
      cost: addMoney(known.cost, cost),
      calls: known.calls + (isCall ? entries : 0),
      refused: known.refused + refused,
      unpriced: known.unpriced + unpriced,
      inputTokens: known.inputTokens + inputTokens,
      outputTokens: known.outputTokens + outputTokens,
    });
  }
  return merged;
}

function nothingOf({ group, cost }: Pick<Merged, 'group' | 'cost'>): Merged {
  const cost0 = noMoney(cost.currency);
  return { group, cost: cost0, calls: 0, refused: 0, unpriced: 0, inputTokens: 0, outputTokens: 0 };
}

function totalsOf(rows: readonly Merged[]): readonly Money[] {
  const totals = new Map<string, Money>();
  for (const { cost } of rows) {
    const before = totals.get(cost.currency);
    totals.set(cost.currency, before === undefined ? cost : addMoney(before, cost));
  }
  return [...totals.values()].sort((left, right) =>
    left.currency === right.currency ? compareMoney(left, right) : left.currency < right.currency ? -1 : 1,
  );
}

function order(by: readonly string[], left: Merged, right: Merged): number {
  const [a, b] = [groupKey(left.group, by), groupKey(right.group, by)];
  return a < b ? -1 : a > b ? 1 : 0;
}
