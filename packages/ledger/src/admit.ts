import { type Account, ceilDivide, countedRows, min, readAccount } from './account.ts';
import type { Shortfall } from './ledger.ts';
import type { Moment, Plan, SumPlan } from './plan-draw.ts';
import { presentState } from './present.ts';
import { drainUs, roomUs } from './rate.ts';
import { subunitsToText } from './subunits.ts';

/** A draw before it is held. Amounts in sub-units. */
export interface PlannedDraw {
  readonly plan: Plan;
  /** Absent where nothing is counted. */
  readonly account: Account | undefined;
  readonly amount: bigint;
  readonly minimum: bigint | undefined;
}

export type Admission =
  | {
      readonly result: 'admitted';
      /** What each draw holds. */
      readonly amounts: readonly bigint[];
      readonly granted: number | undefined;
      readonly exceeded: readonly Shortfall[];
    }
  | { readonly result: 'refused'; readonly shortfall: Shortfall };

/** Whether a call fits into all its limits, and how much of it. Changes nothing. */
export function admit(
  draws: readonly PlannedDraw[],
  clampSteps: number | undefined,
  moment: Moment,
): Admission {
  const nowUs = BigInt(Math.round(moment.steady * 1000));
  const granted = clampSteps === undefined ? undefined : grantedSteps(draws, BigInt(clampSteps), nowUs);
  const amounts = draws.map((draw) => shareOf(draw, granted, clampSteps));

  let binding: Shortfall | undefined;
  const exceeded: Shortfall[] = [];
  draws.forEach((draw, index) => {
    const amount = amounts[index] ?? 0n;
    const { limit, overdraft } = draw.plan.compiled;
    const missing = missingFor(draw, amount, nowUs);
    if (missing <= 0n) return;
    const shortfall = shortfallOf(draw, amount, moment, nowUs);
    const refuses = limit.mode === 'enforced' && missing > overdraft;
    if (!refuses) exceeded.push(shortfall);
    else if (binding === undefined || waitOf(shortfall) > waitOf(binding)) binding = shortfall;
  });
  if (binding !== undefined) return { result: 'refused', shortfall: binding };
  return {
    result: 'admitted',
    amounts,
    granted: granted === undefined ? undefined : Number(granted),
    exceeded,
  };
}

/** The most steps that every limit with the edge `clamp` has room for. */
function grantedSteps(draws: readonly PlannedDraw[], steps: bigint, nowUs: bigint): bigint {
  return draws.reduce((granted, draw) => {
    const { plan, amount, minimum } = draw;
    const { limit } = plan.compiled;
    if (limit.onExceeded !== 'clamp' || limit.mode !== 'enforced' || minimum === undefined) return granted;
    const room = amount - missingFor(draw, amount, nowUs);
    if (room >= amount) return granted;
    return room <= minimum ? 0n : min(granted, ((room - minimum) * steps) / (amount - minimum));
  }, steps);
}

function shareOf(draw: PlannedDraw, granted: bigint | undefined, steps: number | undefined): bigint {
  const { amount, minimum } = draw;
  if (granted === undefined || steps === undefined || minimum === undefined) return amount;
  return minimum + ceilDivide((amount - minimum) * granted, BigInt(steps));
}

/** By how much an amount does not fit; not above zero when it does. */
function missingFor({ plan, account }: PlannedDraw, amount: bigint, nowUs: bigint): bigint {
  if (plan.counting === 'rate') {
    const room = roomUs(plan, account, nowUs);
    const needs = drainUs(plan, amount);
    if (needs !== undefined && needs <= room) return 0n;
    const fits = room <= 0n ? 0n : (room * plan.perPeriod) / plan.periodUs;
    return amount > fits ? amount - fits : 1n;
  }
  const { capacity, settled, held } = readAccount(plan, account, nowUs);
  return settled + held + amount - capacity;
}

function waitOf({ retryAfterMs }: Shortfall): number {
  return retryAfterMs ?? Number.POSITIVE_INFINITY;
}

function shortfallOf(draw: PlannedDraw, amount: bigint, moment: Moment, nowUs: bigint): Shortfall {
  const { plan, account } = draw;
  const retryAfterMs = waitMs(draw, amount, moment, nowUs);
  return {
    state: presentState(plan, readAccount(plan, account, nowUs)),
    needed: subunitsToText(amount),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Milliseconds until the amount fits if nothing else happens. */
function waitMs(draw: PlannedDraw, amount: bigint, moment: Moment, nowUs: bigint): number | undefined {
  const { plan, account } = draw;
  if (plan.counting === 'call') return undefined;
  if (plan.counting === 'rate') {
    const needs = drainUs(plan, amount);
    if (needs === undefined || needs > plan.toleranceUs) return undefined;
    return Number(ceilDivide(needs - roomUs(plan, account, nowUs), 1000n));
  }
  const limit = plan.compiled;
  if (plan.rolling !== undefined) {
    return rollingWaitMs(plan, plan.rolling.rowLifeMs, account, amount, moment);
  }
  const { end } = plan.span;
  if (end === undefined || amount > limit.capacityAt(end) + limit.overdraft) return undefined;
  return end - moment.wall;
}

/** The rows of a rolling window are forgotten one by one, oldest first. */
function rollingWaitMs(
  plan: SumPlan,
  rowLifeMs: number,
  account: Account | undefined,
  amount: bigint,
  moment: Moment,
): number | undefined {
  const capacity = plan.capacity + plan.compiled.overdraft;
  if (amount > capacity || account === undefined) return undefined;
  const rows = countedRows(plan, account);
  let used = rows.reduce((sum, { settled, held }) => sum + settled + held, 0n);
  for (const row of rows) {
    used -= row.settled + row.held;
    if (used + amount <= capacity) return row.start + rowLifeMs - moment.steady;
  }
  return undefined;
}
