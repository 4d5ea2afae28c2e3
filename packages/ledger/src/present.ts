import type { LimitState } from '@genops/core';
import type { Reading } from './account.ts';
import { currencyOf } from './compiled-limit.ts';
import type { Plan } from './plan-draw.ts';
import { subunitsToText } from './subunits.ts';

/** A reading as callers see it. */
export function presentState(plan: Plan, { capacity, settled, held }: Reading): LimitState {
  const { limit } = plan.compiled;
  const currency = currencyOf(limit);
  const { windowStart, resetsAt } = plan.span;
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
    ...(windowStart !== undefined && { windowStart }),
    ...(resetsAt !== undefined && { resetsAt }),
  };
}

/** Writes instants; the one written last is remembered, because many things happen in the same millisecond. */
export function createInstantText(): (milliseconds: number) => string {
  let last = Number.NaN;
  let text = '';
  return (milliseconds) => {
    if (milliseconds !== last) {
      text = new Date(milliseconds).toISOString();
      last = milliseconds;
    }
    return text;
  };
}
