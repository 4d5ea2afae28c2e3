import type { LedgerEntry } from '@genops/core';
import { createLimitCompiler } from '../compiled-limit.ts';
import type { LimitQuery } from '../ledger.ts';
import { createDrawPlanner, type Moment, type Plan } from '../plan-draw.ts';
import { createWindowFinder } from '../window.ts';
import type { EntryDraw } from './journal.ts';

/** Where draws count, at which moment. */
export interface Plans {
  readonly at: (query: LimitQuery, moment: Moment) => Plan;
  /** On the row that was chosen once, by what was admitted at a time in milliseconds. */
  readonly onRow: (query: LimitQuery, row: number, admittedMs: number) => Plan;
  /** Of what an entry counted. */
  readonly ofEntry: (draw: EntryDraw, entry: LedgerEntry) => Plan;
  /** A place in a calendar stays where the call was admitted; everything else is seen as of now. */
  readonly now: (plan: Plan, moment: Moment) => Plan;
}

export function createPlans(): Plans {
  const planDraw = createDrawPlanner(createLimitCompiler(), createWindowFinder());
  const onRow: Plans['onRow'] = ({ limit, bucket }, row, admittedMs) =>
    placed(planDraw({ limit, bucket }, { wall: admittedMs, steady: admittedMs }), row);
  return {
    at: planDraw,
    onRow,
    ofEntry: (draw, { at }) => onRow(draw, draw.row, Date.parse(at)),
    now: (plan, moment) => {
      if (plan.counting === 'call' || (plan.counting === 'sum' && plan.from === plan.row)) return plan;
      return planDraw({ limit: plan.compiled.limit, bucket: plan.bucket }, moment);
    },
  };
}

/** The row once chosen stays, also when a time zone's rules change afterwards. */
function placed(plan: Plan, row: number): Plan {
  if (plan.counting !== 'sum' || plan.row === row) return plan;
  return { ...plan, row, from: plan.rolling === undefined ? row : plan.from };
}
