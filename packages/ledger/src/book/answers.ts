import type { LedgerEntry, LimitState } from '@genops/core';
import type { Conflict, EndResult, ReserveResult } from '../ledger.ts';
import type { Moment, Plan } from '../plan-draw.ts';
import { createInstantText, presentState } from '../present.ts';
import type { Counters } from './counters.ts';
import { type Hold, plansOf } from './hold.ts';
import type { Plans } from './plans.ts';
import type { ThresholdsCrossed } from './thresholds.ts';

type Held = Extract<ReserveResult, { result: 'held' }>;

/** What callers are told, with their limits as they stand now. */
export interface Answers {
  readonly held: (hold: Hold, moment: Moment, exceeded: Held['exceeded']) => Held;
  /** @param amounts - what the call came to, for limits that count nothing; in sub-units, in the order of the plans */
  readonly recorded: (
    entry: LedgerEntry,
    plans: readonly Plan[],
    amounts: readonly bigint[],
    moment: Moment,
  ) => EndResult;
}

export function createAnswers(
  counters: Counters,
  plans: Plans,
  thresholdsCrossed: ThresholdsCrossed,
): Answers {
  const instant = createInstantText();

  /** A limit on single calls counts nothing, so its state is the call's own. */
  function stateOf(plan: Plan, own: { settled?: bigint; held?: bigint }, moment: Moment): LimitState {
    return plan.counting === 'call'
      ? presentState(plan, { capacity: plan.capacity, settled: own.settled ?? 0n, held: own.held ?? 0n })
      : counters.stateOf(plan, moment);
  }

  return {
    held: (hold, moment, exceeded) => {
      const now = plansOf(hold).map((plan) => plans.now(plan, moment));
      return {
        result: 'held',
        at: hold.atText,
        expiresAt: instant(hold.expiresAt),
        ...(hold.granted !== undefined && { granted: hold.granted }),
        thresholds: thresholdsCrossed(now, moment),
        states: now.map((plan, index) => stateOf(plan, { held: hold.draws[index]?.amount ?? 0n }, moment)),
        exceeded,
      };
    },
    recorded: (entry, entryPlans, amounts, moment) => {
      const now = entryPlans.map((plan) => plans.now(plan, moment));
      return {
        result: 'recorded',
        entry,
        thresholds: thresholdsCrossed(now, moment),
        states: now.map((plan, index) => stateOf(plan, { settled: amounts[index] ?? 0n }, moment)),
      };
    },
  };
}

export function conflict(message: string): Conflict {
  return { result: 'conflict', message };
}

export function hasEnded({ id, kind }: LedgerEntry): Conflict {
  return { result: 'conflict', message: `Attempt "${id}" has ended as ${kind}`, endedAs: kind };
}

export function unknownHold(id: string): EndResult {
  return { result: 'unknown_hold', message: `Nothing is held or recorded as "${id}"` };
}
