import { type Account, countedRows, readAccount } from '../account.ts';
import type { CrossedThreshold } from '../ledger.ts';
import type { Moment, Plan, SumPlan } from '../plan-draw.ts';
import type { Counters } from './counters.ts';
import type { Journal } from './journal.ts';

/** Finds the thresholds that are reached and were not told yet in their window, and notes that they were told. */
export type ThresholdsCrossed = (plans: readonly Plan[], moment: Moment) => CrossedThreshold[];

export function createThresholds(counters: Counters, journal: Pick<Journal, 'changed'>): ThresholdsCrossed {
  return (plans, moment) => {
    const crossed: CrossedThreshold[] = [];
    for (const plan of plans) {
      const { thresholds } = plan.compiled;
      if (thresholds.length === 0 || plan.counting !== 'sum') continue;
      const account = counters.account(plan.account);
      const { capacity, settled, held } = readAccount(plan, account, 0n);
      if (capacity <= 0n) continue;
      const used = plan.givenBack ? held : settled;
      const row = counters.row(plan);
      const told = toldIn(account, plan);
      for (const threshold of thresholds) {
        if (threshold <= told || used * 100_000n < capacity * BigInt(threshold)) continue;
        row.told = threshold;
        journal.changed(row);
        crossed.push({ state: counters.stateOf(plan, moment), threshold: threshold / 1000 });
      }
    }
    return crossed;
  };
}

/** The rows of a rolling window are one window: what was told in any of them was told. */
function toldIn(account: Account, plan: SumPlan): number {
  return countedRows(plan, account).reduce((told, row) => Math.max(told, row.told), 0);
}
