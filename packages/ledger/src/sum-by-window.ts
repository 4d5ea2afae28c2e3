import { ConfigurationError, type LimitWindow } from '@genops/core';
import { instantMs } from './entry-page.ts';
import type { Ledger, SumQuery, SumRow } from './ledger.ts';
import { createWindowFinder } from './window.ts';

export interface WindowSumQuery extends SumQuery {
  /** Days, months … of a calendar, or stretches of a fixed length. */
  readonly window: Extract<LimitWindow, { kind: 'calendar' | 'fixed' }>;
  /** What is summed up, by instants: inclusive, exclusive. */
  readonly from: string;
  readonly until: string;
}

export interface WindowSums {
  /** Instants: inclusive, exclusive; the first and the last are cut off where the question is. */
  readonly from: string;
  readonly until: string;
  readonly rows: readonly SumRow[];
}

/** The most windows that one question may have. */
const mostWindows = 2000;

/**
 * Sums for each window between two instants, oldest first. Windows follow one another without a gap, whatever the
 * clocks do, so the sums add up to the sum of the whole time.
 *
 * @throws {ConfigurationError} when there would be more windows than anybody can read
 */
export async function sumByWindow(ledger: Pick<Ledger, 'sum'>, query: WindowSumQuery): Promise<WindowSums[]> {
  const { window, by, filter } = query;
  const until = instantMs('until', query.until);
  const find = createWindowFinder();
  const spans: { readonly from: string; readonly until: string }[] = [];
  for (let at = instantMs('from', query.from); at < until; ) {
    const end = Math.min(find(window, at).end ?? until, until);
    spans.push({ from: new Date(at).toISOString(), until: new Date(end).toISOString() });
    if (spans.length > mostWindows)
      throw new ConfigurationError('window', `expected at most ${mostWindows} windows`);
    at = end;
  }
  const sums: WindowSums[] = [];
  for (const span of spans) {
    const rows = await ledger.sum({ by, filter: { ...filter, ...span } });
    sums.push({ ...span, rows });
  }
  return sums;
}
