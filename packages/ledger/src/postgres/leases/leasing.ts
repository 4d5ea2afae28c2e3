import type { LimitState } from '@genops/core';
import type { Clock } from '../../clock.ts';
import type { LimitCompiler } from '../../compiled-limit.ts';
import type { Draw, ReserveRequest, ReserveResult } from '../../ledger.ts';
import type { DrawPlanner, Moment, Plan } from '../../plan-draw.ts';
import { presentState } from '../../present.ts';
import { toSubunits } from '../../subunits.ts';
import { checkReserve } from '../../validate.ts';
import type { Operation, Queue } from '../queue.ts';
import { createKnownIds } from './known-ids.ts';
import { isLeasable, isOf, isUsable, type Lease } from './lease.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { createLeasedAccounts } from './leased-accounts.ts';
import { createCallsOnTheirWay, repeated } from './on-their-way.ts';

export interface LeaseOptions {
  /**
   * For how long a replica admits calls on a lease before it gives back what is left, in milliseconds. What one
   * replica does not use, others wait for at most that long, and so does a change of a limit.
   *
   * @default 1000
   */
  readonly usableMs?: number;
  /**
   * The most of what is available that one lease takes.
   *
   * @default 0.1
   */
  readonly share?: number;
}

/** Admits calls on headroom that this replica holds in advance, and asks the store where it holds none. */
export interface Leasing {
  readonly reserve: (request: ReserveRequest) => Promise<ReserveResult>;
  /** Carries out the end of a call, which may not have reached the store yet. */
  readonly end: <Result>(operation: Operation<Result>) => Promise<Result>;
  /** Gives everything back that no call was admitted on. */
  readonly close: () => Promise<void>;
}

export interface LeasingOptions extends Required<LeaseOptions> {
  readonly run: Queue['run'];
  readonly clock: Clock;
  readonly compile: LimitCompiler;
  readonly planDraw: DrawPlanner;
}

/**
 * A lease is an ordinary hold in the store, of one account. A call that fits into what is left of it is admitted
 * at once; its own hold follows into the store, taken out of the lease in the same step, so that at every moment
 * all that was admitted anywhere is held there. Ends of calls wait for their holds in the same line.
 */
export function createLeasing(options: LeasingOptions): Leasing {
  const { run, clock, compile, planDraw, usableMs } = options;
  let closed = false;
  const isClosed = (): boolean => closed;
  const accounts = createLeasedAccounts(compile, usableMs);
  const calls = createCallsOnTheirWay({ run, accounts, isClosed });
  const keeper = createLeaseKeeper({ ...options, accounts, calls, isClosed });
  const known = createKnownIds();
  const tending = setInterval(keeper.tend, usableMs / 2);
  tending.unref();

  async function reserve(request: ReserveRequest): Promise<ReserveResult> {
    checkReserve(request);
    const way = calls.get(request.id);
    if (way !== undefined) return repeated(way, request);
    const moment = clock();
    const plans = request.draws.map((draw) => planDraw(draw, moment));
    const leases = plans.map((plan, index) => leaseFor(plan, request, index, moment));
    const isNew = !known.has(request.id);
    known.add(request.id);
    plans.forEach((plan, index) => {
      accounts.note(plan, request.draws[index] as Draw, request.expiresInMs);
    });
    const reply =
      isNew && plans.some(isLeasable) && leases.every((lease) => lease !== undefined)
        ? admit(request, plans, leases, moment)
        : await ask(request, plans);
    for (const plan of plans) keeper.consider(plan, moment);
    return reply;
  }

  /** What a draw can be admitted on here; a limit on single calls needs nothing. */
  function leaseFor(
    plan: Plan,
    { draws, expiresInMs }: ReserveRequest,
    index: number,
    { wall }: Moment,
  ): Lease | 'none needed' | undefined {
    const amount = toSubunits((draws[index] as Draw).amount);
    if (plan.counting === 'call') return amount <= plan.capacity ? 'none needed' : undefined;
    const lease = accounts.get(plan.account)?.current;
    if (lease === undefined || !isLeasable(plan)) return undefined;
    const covers =
      amount <= lease.remaining &&
      expiresInMs <= lease.longestHoldMs &&
      isOf(lease, plan, wall) &&
      isUsable(lease);
    return covers ? lease : undefined;
  }

  function admit(
    request: ReserveRequest,
    plans: readonly Plan[],
    leases: readonly (Lease | 'none needed' | undefined)[],
    { wall: at }: Moment,
  ): ReserveResult {
    const { draws, clampSteps, expiresInMs } = request;
    const used = leases.map((lease) => (lease === 'none needed' ? undefined : lease));
    used.forEach((lease, index) => {
      if (lease !== undefined) lease.remaining -= toSubunits((draws[index] as Draw).amount);
    });
    const reply: ReserveResult = {
      result: 'held',
      at: new Date(at).toISOString(),
      expiresAt: new Date(at + expiresInMs).toISOString(),
      ...(clampSteps !== undefined && { granted: clampSteps }),
      states: plans.map((plan, index) => stateOf(plan, draws[index] as Draw)),
      exceeded: [],
      thresholds: [],
    };
    calls.send({ request, at, from: used.map((lease) => lease?.id) }, reply);
    return reply;
  }

  function stateOf(plan: Plan, { amount }: Draw): LimitState {
    const heard = accounts.get(plan.account)?.state;
    if (plan.counting !== 'call' && heard !== undefined) return heard;
    return presentState(plan, { capacity: plan.capacity, settled: 0n, held: toSubunits(amount) });
  }

  async function ask(request: ReserveRequest, plans: readonly Plan[]): Promise<ReserveResult> {
    const operation: Operation<ReserveResult> = {
      apply: (book) => book.reserve(request),
      ids: [request.id],
      accounts: accounts.namesOf(request.draws),
      newId: request.id,
    };
    let reply = await run(operation);
    if (reply.result === 'refused') {
      // What this replica holds in advance must not be what is missing.
      await Promise.all(plans.map(({ account }) => accounts.get(account)?.taking));
      const own = plans.flatMap(({ account }) => [...(accounts.get(account)?.open ?? [])]);
      if (own.length > 0) reply = await keeper.withoutLeases(own, operation);
    }
    if (reply.result !== 'conflict') accounts.heard(request.draws, reply.states);
    return reply;
  }

  return {
    reserve,
    end: async (operation) => {
      const [id = ''] = operation.ids;
      const way = calls.get(id);
      if (way === undefined) return run(operation);
      const result = await run(calls.after([way.call], operation));
      calls.arrived(id);
      return result;
    },
    close: async () => {
      closed = true;
      clearInterval(tending);
      await keeper.giveAllBack();
    },
  };
}
