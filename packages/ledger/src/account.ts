import type { Plan, RatePlan, SumPlan } from './plan-draw.ts';

/** The counters of one limit and one bucket: a row for each window, or for each step of a rolling one. */
export interface Account {
  readonly key: string;
  readonly rows: Map<number, Row>;
  /** Start of the first window that was ever counted in; absent while nothing was. */
  since: number | undefined;
}

export interface Row {
  readonly account: string;
  readonly start: number;
  /** For rates: the instant at which the queue is empty, in microseconds. */
  settled: bigint;
  /** For rates: the microseconds that were given back so far. */
  held: bigint;
  /** The highest threshold already told, in thousandths of a percent. */
  told: number;
}

/** Where one draw stands. All amounts in sub-units. */
export interface Reading {
  readonly capacity: bigint;
  readonly settled: bigint;
  readonly held: bigint;
}

export function emptyAccount(key: string): Account {
  return { key, rows: new Map(), since: undefined };
}

/** How a limit stands. `steadyUs` is the store's even clock, in microseconds. */
export function readAccount(plan: Plan, account: Account | undefined, steadyUs: bigint): Reading {
  switch (plan.counting) {
    case 'call':
      return { capacity: plan.capacity, settled: 0n, held: 0n };
    case 'rate':
      return { capacity: plan.capacity, settled: queued(plan, account, steadyUs), held: 0n };
    case 'sum':
      return readSum(plan, account);
  }
}

function readSum(plan: SumPlan, account: Account | undefined): Reading {
  let settled = 0n;
  let held = 0n;
  if (account !== undefined) {
    for (const row of countedRows(plan, account)) {
      settled += row.settled;
      held += row.held;
    }
  }
  return { capacity: plan.capacity + carried(plan, account), settled, held };
}

/** The rows that a plan counts, oldest first: one, or for a rolling window one for each step. */
export function countedRows({ from, row: last, rolling }: SumPlan, { rows }: Account): Row[] {
  const counted: Row[] = [];
  for (let start = from; start <= last; start += rolling?.stepMs ?? Number.POSITIVE_INFINITY) {
    const row = rows.get(start);
    if (row !== undefined) counted.push(row);
  }
  return counted;
}

/** What the window before left over. A limit that was not drawn on by then has nothing to carry. */
function carried({ before, compiled }: SumPlan, account: Account | undefined): bigint {
  if (before === undefined || account?.since === undefined || account.since > before.row) return 0n;
  const row = account.rows.get(before.row);
  const left = before.capacity - (row === undefined ? 0n : row.settled + row.held);
  return left <= 0n ? 0n : min(left, compiled.rollOverUpTo);
}

/** How much stands in the queue, rounded up. */
function queued(plan: RatePlan, account: Account | undefined, steadyUs: bigint): bigint {
  const emptyAt = account?.rows.get(0)?.settled ?? 0n;
  return emptyAt <= steadyUs ? 0n : ceilDivide((emptyAt - steadyUs) * plan.perPeriod, plan.periodUs);
}

export function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

export function min(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

export function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
