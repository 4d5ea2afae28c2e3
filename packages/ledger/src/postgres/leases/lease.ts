import { randomUUID } from 'node:crypto';
import { type Limit, type LimitState, money } from '@genops/core';
import { min } from '../../account.ts';
import type { CompiledLimit } from '../../compiled-limit.ts';
import type { ReserveRequest } from '../../ledger.ts';
import { type Plan, rowStart } from '../../plan-draw.ts';
import { subunitsToDecimal, textToSubunits } from '../../subunits.ts';
import { longestHoldMs } from '../../validate.ts';
import type { Demand } from './demand.ts';

/** Headroom of one account that this replica holds in advance, so that it may admit calls on it by itself. */
export interface Lease {
  /** Of the hold in the store. */
  readonly id: string;
  readonly account: string;
  /** The limit as it was then: another amount, or another window, is another matter. */
  readonly definition: string;
  /** The window that it is held in, by its start. */
  readonly row: number;
  readonly size: bigint;
  /** What is not given to a call yet, in sub-units. */
  remaining: bigint;
  /** Calls may be admitted until then: by a clock that is never set, and by the time of day, whichever is sooner. */
  readonly usableUntil: number;
  readonly usableUntilTime: number;
  /** When an increase of the limit begins or ends, at the earliest; milliseconds since 1970. */
  readonly changesAt: number;
  /** The longest hold that it still covers when it is drawn on last. */
  readonly longestHoldMs: number;
}

/** Calls lately that make holding in advance worth its trouble. */
const worthIt = 8;

/** A lease has room for this many of the largest call, or it is not taken: near the edge every call asks the store. */
const fewestCalls = 4n;

/**
 * Whether headroom of a limit can be held in advance without anybody noticing. Limits that count what is held
 * (concurrent calls), that forget by the minute, or that only warn have to be asked each time.
 */
export function isLeasable(plan: Plan): boolean {
  const { mode, onExceeded = 'refuse' } = plan.compiled.limit;
  return (
    plan.counting === 'sum' &&
    plan.rolling === undefined &&
    !plan.givenBack &&
    mode === 'enforced' &&
    (onExceeded === 'refuse' || onExceeded === 'downgrade')
  );
}

/** @param state - of the account, as it was last heard of @returns nothing when it is not worth it */
export function leaseAmount(demand: Demand, state: LimitState, share: number): bigint | undefined {
  if (demand.calls() < worthIt) return undefined;
  const most = (textToSubunits(state.available) * BigInt(Math.round(share * 1000))) / 1000n;
  const amount = min(demand.amount(), most);
  return amount < fewestCalls * demand.largest() ? undefined : amount;
}

/**
 * The hold of a lease in the store. It lives as long as the calls on it would be held for, so that what is
 * admitted on it is covered no worse than what the store admits.
 */
export function leaseRequest(
  { limit }: CompiledLimit,
  bucket: string,
  amount: bigint,
  lives: { readonly usableMs: number; readonly longestHoldMs: number },
): ReserveRequest {
  const id = `lease:${randomUUID()}`;
  return {
    id,
    // Nobody is told of thresholds by a lease.
    draws: [{ limit: { ...limit, thresholds: [] }, bucket, amount: subunitsToDecimal(amount) }],
    expiresInMs: Math.min(Math.ceil(lives.usableMs + lives.longestHoldMs), longestHoldMs),
    // What is recorded when this process dies: that much may have been spent, and nobody knows.
    entry: {
      operationId: id,
      attempt: 1,
      provider: 'genops',
      operation: 'chat',
      requestModel: 'leased-headroom',
      stream: false,
      attribution: {},
      decision: { verdict: 'allowed', rules: [], limits: [] },
      ...(limit.unit === 'money' && { held: money(subunitsToDecimal(amount), limit.currency) }),
    },
  };
}

/** When the amount of a limit changes by itself after an instant; infinity when it does not. */
export function nextChange({ increases = [] }: Limit, after: number): number {
  const changes = increases
    .flatMap(({ from, until }) => [Date.parse(from), Date.parse(until)])
    .filter((change) => change > after);
  return Math.min(Number.POSITIVE_INFINITY, ...changes);
}

/** Whether a lease is of the limit as it is now, and of its window. */
export function isOf({ definition, row, changesAt }: Lease, plan: Plan, wall: number): boolean {
  return plan.compiled.definition === definition && rowStart(plan) === row && wall < changesAt;
}

export function isUsable({ usableUntil, usableUntilTime }: Lease): boolean {
  // A machine that was put to sleep finds out by the time of day.
  return performance.now() < usableUntil && Date.now() < usableUntilTime;
}
