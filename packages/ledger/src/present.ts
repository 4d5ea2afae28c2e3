import type { LimitState } from '@genops/core';
import type { Reading } from './account.ts';
import { currencyOf } from './compiled-limit.ts';
import type { Plan } from './plan-draw.ts';
import { subunitsToText } from './subunits.ts';

/** A reading as callers see it. */
export function presentState(plan: Plan, { capacity, settled, held }: Reading): LimitState {
  const { limit } = plan.compiled;
  const currency = currencyOf(limit);
  const { start, end } = plan.span;
  return {
    limitId: limit.id,
    bucket: plan.bucket,
    unit: limit.unit,
    ...(currency !== undefined && { currency }),
    mode: limit.mode,
    amount: subunitsToText(capacity),
    settled: subunitsToText(settled),
    held: subunitsToText(held),
    available: subunitsToText(capacity - settled - held),
    ...(start !== undefined && { windowStart: instant(start) }),
    ...(end !== undefined && { resetsAt: instant(end) }),
  };
}

export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
