import { type LimitState, money, parseDecimal } from '@genops/core';
import { wilsonInterval } from '../statistics/compare.ts';
import type { Detector, Finding } from './finding.ts';

export interface UnusedBudgetsOptions {
  readonly currency: string;
  /** Windows that ended before this instant are over. */
  readonly until: string;
  /** Below which share of its amount a budget counts as unused. */
  readonly usedBelow: number;
}

/** Counters of limits remembered at once. */
const counters = 10_000;

/** Finds money limits of which much was left at the end of every window that is over. */
export function createUnusedBudgets({ currency, until, usedBelow }: UnusedBudgetsOptions): Detector {
  /** By limit, counter and window: how it stood last, and how often it was drawn on. */
  const windows = new Map<string, { readonly state: LimitState; readonly calls: number }>();
  return {
    see({ decision }) {
      for (const state of decision.limits) {
        if (state.unit !== 'money' || (state.currency ?? 'USD') !== currency) continue;
        if (state.resetsAt === undefined || Date.parse(state.resetsAt) > Date.parse(until)) continue;
        const key = JSON.stringify([state.limitId, state.bucket, state.windowStart]);
        const before = windows.get(key);
        if (before === undefined && windows.size >= counters) continue;
        const later = before === undefined || usedOf(state) >= usedOf(before.state) ? state : before.state;
        windows.set(key, { state: later, calls: (before?.calls ?? 0) + 1 });
      }
    },
    findings() {
      const byLimit = new Map<string, { states: LimitState[]; calls: number }>();
      for (const { state, calls } of windows.values()) {
        const key = JSON.stringify([state.limitId, state.bucket]);
        const limit = byLimit.get(key) ?? { states: [], calls: 0 };
        limit.states.push(state);
        limit.calls += calls;
        byLimit.set(key, limit);
      }
      return [...byLimit.values()].flatMap(({ states, calls }) =>
        states.every((state) => shareUsed(state) < usedBelow) ? [toFinding(states, calls, currency)] : [],
      );
    },
  };
}

function usedOf({ settled, held }: LimitState): number {
  return Number(settled) + Number(held);
}

function shareUsed(state: LimitState): number {
  const amount = Number(state.amount);
  return amount === 0 ? 1 : usedOf(state) / amount;
}

function toFinding(states: readonly LimitState[], calls: number, currency: string): Finding {
  const fullest = states.reduce((left, right) => (shareUsed(right) > shareUsed(left) ? right : left));
  const { limitId, bucket, amount } = fullest;
  const left = parseDecimal(amount).minus(parseDecimal(fullest.settled)).minus(parseDecimal(fullest.held));
  const name = bucket === '' ? limitId : `${limitId} (${bucket})`;
  return {
    optimizationType: 'budget',
    title: `Lower budget ${name}: at most ${(100 * shareUsed(fullest)).toFixed(0)} % of it was used`,
    subject: { limitId, bucket },
    potentialSavings: money('0', currency),
    stake: { amount: left, currency },
    sampleSize: calls,
    evidence: [
      {
        value: wilsonInterval({ successes: states.length, trials: states.length })[0],
        because: `so it was in ${states.length} of ${states.length} windows that are over`,
      },
    ],
    effortLevel: 'low',
    assumption: 'The windows to come are like those that are over',
    against: [
      'a lower budget saves nothing by itself; it notices a runaway sooner and frees money for others',
    ],
  };
}
