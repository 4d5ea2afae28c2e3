import { type Account, ceilDivide, max, min, type Row } from './account.ts';
import type { RatePlan } from './plan-draw.ts';

/** A place in the queue: what was taken, and where it stood. Microseconds. */
export interface QueuePlace {
  readonly tookUs: bigint;
  /** When the queue would have been empty right after. */
  readonly emptyAtUs: bigint;
  /** What had been given back to the queue by then. */
  readonly givenBackUs: bigint;
}

/** The time that an amount takes to drain, rounded up; `undefined` when nothing ever drains. */
export function drainUs(plan: RatePlan, amount: bigint): bigint | undefined {
  if (amount === 0n) return 0n;
  return plan.perPeriod === 0n ? undefined : ceilDivide(amount * plan.periodUs, plan.perPeriod);
}

/** How much of the queue is free, in microseconds. */
export function roomUs(plan: RatePlan, account: Account | undefined, nowUs: bigint): bigint {
  const emptyAt = account?.rows.get(0)?.settled ?? 0n;
  return plan.toleranceUs - max(emptyAt - nowUs, 0n);
}

export function enqueue(row: Row, tookUs: bigint, nowUs: bigint): QueuePlace {
  row.settled = max(row.settled, nowUs) + tookUs;
  return { tookUs, emptyAtUs: row.settled, givenBackUs: row.held };
}

/**
 * Changes what a place took to what it came to. Only what has not drained yet can be given back: capacity
 * that went unused is gone, so a refund never lets more through than the rate and the burst.
 */
export function adjust(row: Row, place: QueuePlace, cameToUs: bigint, nowUs: bigint): void {
  const differenceUs = cameToUs - place.tookUs;
  if (differenceUs >= 0n) {
    if (differenceUs > 0n) row.settled = max(row.settled, nowUs) + differenceUs;
    return;
  }
  // Whatever was given back since moved this place forward, or stood behind it: assume the former.
  const standsUntil = place.emptyAtUs - (row.held - place.givenBackUs);
  const left = min(max(standsUntil - nowUs, 0n), place.tookUs);
  const givenBack = min(-differenceUs, left);
  row.settled -= givenBack;
  row.held += givenBack;
}
