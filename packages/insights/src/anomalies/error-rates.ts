import type { LedgerEntry } from '@genops/core';
import { type Group, groupKey, groupOf } from '../group-key.ts';
import { wilsonInterval } from '../statistics/compare.ts';
import { binomialAtLeast } from '../statistics/distributions.ts';

export interface ErrorRate {
  readonly group: Group;
  readonly calls: number;
  /** Calls that the provider failed: not those that the caller cancelled. */
  readonly failed: number;
  readonly rate: number;
  /** Within which the true rate lies with 95 % confidence. */
  readonly interval: readonly [low: number, high: number];
  /** `above` and `below` the threshold where that is no chance; else nobody can tell yet. */
  readonly state: 'above' | 'below' | 'undecided';
}

export interface ErrorRatesOptions {
  /** @default ['provider', 'model'] */
  readonly by?: readonly string[];
  /** Share of failed calls. @default 0.05 */
  readonly threshold?: number;
}

const usualDimensions: readonly string[] = ['provider', 'model'];

/**
 * Counts how calls ended, model by model, and says where more fail than may: only when that would be
 * a rare chance at the threshold, so that one failure of three calls raises no alarm.
 */
export function createErrorRates(options: ErrorRatesOptions = {}): {
  see(entry: LedgerEntry): void;
  /** The worst first. */
  rates(): readonly ErrorRate[];
} {
  const { by = usualDimensions, threshold = 0.05 } = options;
  const counts = new Map<string, { readonly group: Group; calls: number; failed: number }>();
  return {
    see(entry) {
      if ((entry.kind !== 'settled' && entry.kind !== 'expired') || entry.outcome === 'cancelled') return;
      const group = groupOf(entry, by);
      const key = groupKey(group, by);
      const count = counts.get(key) ?? { group, calls: 0, failed: 0 };
      count.calls += 1;
      if (entry.outcome !== 'completed') count.failed += 1;
      counts.set(key, count);
    },
    rates: () =>
      [...counts.values()]
        .map(({ group, calls, failed }): ErrorRate => {
          const interval = wilsonInterval({ successes: failed, trials: calls });
          const state = stateOf(calls, failed, threshold);
          return { group, calls, failed, rate: failed / calls, interval, state };
        })
        .sort((left, right) => right.interval[0] - left.interval[0] || right.calls - left.calls),
  };
}

/** How rarely chance alone may raise an alarm, or give the all-clear. */
const rare = 0.025;

/** By the exact binomial distribution, which holds for few calls too. */
function stateOf(calls: number, failed: number, threshold: number): ErrorRate['state'] {
  if (binomialAtLeast(failed, calls, threshold) < rare) return 'above';
  return 1 - binomialAtLeast(failed + 1, calls, threshold) < rare ? 'below' : 'undecided';
}
