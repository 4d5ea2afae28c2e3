import type { LimitState } from '@genops/core';
import type { Book } from '../../book/book.ts';
import type { AdmittedInAdvance } from '../../book/hold.ts';
import type { Clock } from '../../clock.ts';
import type { CompiledLimit, LimitCompiler } from '../../compiled-limit.ts';
import { sameContent } from '../../entry.ts';
import type { Draw, ReserveRequest, ReserveResult } from '../../ledger.ts';
import { type DrawPlanner, type Moment, type Plan, rowStart } from '../../plan-draw.ts';
import { presentState } from '../../present.ts';
import { toSubunits } from '../../subunits.ts';
import { checkReserve } from '../../validate.ts';
import type { Operation, Queue } from '../queue.ts';
import { createDemand, type Demand } from './demand.ts';
import { createKnownIds } from './known-ids.ts';
import { isLeasable, type Lease, leaseAmount, leaseRequest, nextChange } from './lease.ts';

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

interface Leased {
  readonly account: string;
  compiled: CompiledLimit;
  readonly bucket: string;
  readonly demand: Demand;
  /** As last heard of; what this replica holds in advance is held in it. */
  state: LimitState | undefined;
  /** The one that is drawn on. */
  current: Lease | undefined;
  /** All that are not given back yet. */
  readonly open: Set<Lease>;
  taking: Promise<void> | undefined;
  restUntil: number;
}

/** A call that was admitted here and is on its way into the store. */
interface OnItsWay {
  readonly call: AdmittedInAdvance;
  readonly reply: ReserveResult;
  readonly givesUpAt: number;
}

/** How long after a failure the store is tried again. */
const pauseMs = 250;

/** How long no lease is taken after one was refused. */
const restMs = 1000;

/**
 * A lease is an ordinary hold in the store, of one account. A call that fits into what is left of it is admitted
 * at once; its own hold follows into the store, taken out of the lease in the same step, so that at every moment
 * all that was admitted anywhere is held there. Ends of calls wait for their holds in the same line.
 */
export function createLeasing(options: LeasingOptions): Leasing {
  const { run, clock, compile, planDraw, usableMs, share } = options;
  const accounts = new Map<string, Leased>();
  const onTheirWay = new Map<string, OnItsWay>();
  const known = createKnownIds();
  let closed = false;
  const tending = setInterval(tend, usableMs / 2);
  tending.unref();

  async function reserve(request: ReserveRequest): Promise<ReserveResult> {
    checkReserve(request);
    const way = onTheirWay.get(request.id);
    if (way !== undefined) return repeated(way, request);
    const moment = clock();
    const plans = request.draws.map((draw) => planDraw(draw, moment));
    const leases = plans.map((plan, index) => leaseFor(plan, request, index, moment));
    const isNew = !known.has(request.id);
    known.add(request.id);
    plans.forEach((plan, index) => {
      if (isLeasable(plan)) note(plan, request.draws[index]?.bucket ?? '', request, index);
    });
    const reply =
      isNew && plans.some(isLeasable) && leases.every((lease) => lease !== undefined)
        ? admit(request, plans, leases, moment)
        : await ask(request, plans);
    for (const plan of plans) consider(plan, moment);
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
    const { id, draws, clampSteps, expiresInMs } = request;
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
    const call = { request, at, from: used.map((lease) => lease?.id) };
    onTheirWay.set(id, { call, reply, givesUpAt: performance.now() + expiresInMs });
    void follow(id);
    return reply;
  }

  function stateOf(plan: Plan, { amount }: Draw): LimitState {
    const heard = accounts.get(plan.account)?.state;
    if (plan.counting !== 'call' && heard !== undefined) return heard;
    return presentState(plan, { capacity: plan.capacity, settled: 0n, held: toSubunits(amount) });
  }

  function repeated({ call, reply }: OnItsWay, request: ReserveRequest): ReserveResult {
    if (sameContent(contentOf(call.request), contentOf(request))) return reply;
    return { result: 'conflict', message: `Hold "${request.id}" exists with other content` };
  }

  /** Brings a call's own hold into the store, however often that has to be tried. */
  async function follow(id: string): Promise<void> {
    for (;;) {
      const way = onTheirWay.get(id);
      if (way === undefined) return;
      try {
        const { call } = way;
        heard(call.request.draws, await run(adoption(call)));
        onTheirWay.delete(id);
      } catch {
        if (closed || performance.now() > way.givesUpAt) return;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  function adoption(call: AdmittedInAdvance): Operation<LimitState[]> {
    const { request } = call;
    return {
      apply: (book) => {
        book.adopt(call);
        return book.states(request.draws);
      },
      ids: idsOf(call),
      accounts: accountsOf(request.draws),
      newId: request.id,
    };
  }

  async function ask(request: ReserveRequest, plans: readonly Plan[]): Promise<ReserveResult> {
    const operation = {
      apply: (book: Book) => book.reserve(request),
      ids: [request.id],
      accounts: accountsOf(request.draws),
      newId: request.id,
    };
    let reply = await run(operation);
    if (reply.result === 'refused') {
      // What this replica holds in advance must not be what is missing.
      await Promise.all(plans.map(({ account }) => accounts.get(account)?.taking));
      const own = plans.flatMap(({ account }) => [...(accounts.get(account)?.open ?? [])]);
      if (own.length > 0) reply = await withoutLeases(own, operation);
    }
    if (reply.result !== 'conflict') heard(request.draws, reply.states);
    return reply;
  }

  async function withoutLeases<Result>(
    leases: readonly Lease[],
    operation: Operation<Result>,
  ): Promise<Result> {
    try {
      const reply = await run(afterGivingBack(leases, operation));
      for (const lease of leases) accounts.get(lease.account)?.open.delete(lease);
      return reply;
    } catch (error) {
      for (const lease of leases) void giveBack(lease);
      throw error;
    }
  }

  /** Leases that nothing more is admitted on go back, and the calls that were come into the store before. */
  function afterGivingBack<Result>(
    leases: readonly Lease[],
    operation: Operation<Result>,
  ): Operation<Result> {
    for (const lease of leases) detach(lease);
    const calls = [...onTheirWay.values()]
      .map(({ call }) => call)
      .filter(({ from }) => leases.some(({ id }) => from.includes(id)));
    return {
      ...operation,
      apply: (book) => {
        for (const call of calls) book.adopt(call);
        for (const { id } of leases) book.giveBack(id);
        return operation.apply(book);
      },
      ids: [...operation.ids, ...leases.map(({ id }) => id), ...calls.flatMap(idsOf)],
      accounts: [
        ...operation.accounts,
        ...leases.map(({ account }) => account),
        ...calls.flatMap(({ request }) => accountsOf(request.draws)),
      ],
    };
  }

  async function giveBack(lease: Lease): Promise<void> {
    const nothing = { apply: () => {}, ids: [], accounts: [] };
    // It ends by itself when the store cannot be told.
    const givesUpAt = performance.now() + usableMs + lease.longestHoldMs;
    detach(lease);
    while (performance.now() < givesUpAt) {
      try {
        await run(afterGivingBack([lease], nothing));
        break;
      } catch {
        if (closed) break;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
    accounts.get(lease.account)?.open.delete(lease);
  }

  function detach(lease: Lease): void {
    const leased = accounts.get(lease.account);
    if (leased?.current === lease) leased.current = undefined;
  }

  function note(plan: Plan, bucket: string, { draws, expiresInMs }: ReserveRequest, index: number): void {
    const { account, compiled } = plan;
    let leased = accounts.get(account);
    if (leased === undefined) {
      leased = {
        account,
        compiled,
        bucket,
        demand: createDemand(usableMs),
        state: undefined,
        current: undefined,
        open: new Set(),
        taking: undefined,
        restUntil: 0,
      };
      accounts.set(account, leased);
    }
    leased.compiled = compiled;
    leased.demand.note(toSubunits((draws[index] as Draw).amount), expiresInMs);
  }

  function heard(draws: readonly Draw[], states: readonly LimitState[]): void {
    draws.forEach(({ limit, bucket }, index) => {
      const leased = accounts.get(compile(limit).accountPrefix + bucket);
      if (leased !== undefined) leased.state = states[index];
    });
  }

  /** Takes a lease when there is use for one, and the next one before the one in hand is used up. */
  function consider(plan: Plan, moment: Moment): void {
    const leased = accounts.get(plan.account);
    if (leased?.state === undefined || leased.taking !== undefined || closed) return;
    if (performance.now() < leased.restUntil || !wantsAnother(leased.current, plan, moment)) return;
    const amount = leaseAmount(leased.demand, leased.state, share);
    if (amount === undefined) return;
    leased.taking = take(leased, amount).finally(() => {
      leased.taking = undefined;
    });
  }

  function wantsAnother(current: Lease | undefined, plan: Plan, { wall }: Moment): boolean {
    return (
      current === undefined ||
      !isOf(current, plan, wall) ||
      2n * current.remaining < current.size ||
      current.usableUntil - performance.now() < usableMs / 4
    );
  }

  async function take(leased: Leased, amount: bigint): Promise<void> {
    const { account, compiled, bucket, demand } = leased;
    const longestHoldMs = demand.longestMs();
    const request = leaseRequest(compiled, bucket, amount, { usableMs, longestHoldMs });
    const { id } = request;
    const [sentAt, sentAtTime] = [performance.now(), Date.now()];
    const lease = (at: number): Lease => ({
      id,
      account,
      definition: compiled.definition,
      row: rowStart(planDraw({ limit: compiled.limit, bucket }, { wall: at, steady: at })),
      size: amount,
      remaining: amount,
      usableUntil: sentAt + usableMs,
      usableUntilTime: sentAtTime + usableMs,
      changesAt: nextChange(compiled.limit, at),
      longestHoldMs,
    });
    try {
      const reply = await run({
        apply: (book) => book.reserve(request),
        ids: [id],
        accounts: [account],
        newId: id,
      });
      if (reply.result !== 'held') {
        leased.restUntil = performance.now() + restMs;
        return;
      }
      leased.state = reply.states[0];
      const taken = lease(Date.parse(reply.at));
      leased.open.add(taken);
      const before = leased.current;
      leased.current = taken;
      if (before !== undefined) void giveBack(before);
    } catch {
      // Nobody knows whether it is there.
      leased.restUntil = performance.now() + restMs;
      void giveBack(lease(clock().wall));
    }
  }

  /** Gives back what is not used any more, and forgets accounts that nobody draws on. */
  function tend(): void {
    for (const [account, { current, open, demand, taking }] of accounts) {
      if (current !== undefined && !isUsable(current)) void giveBack(current);
      if (open.size === 0 && taking === undefined && demand.calls() === 0) accounts.delete(account);
    }
  }

  function isUsable({ usableUntil, usableUntilTime }: Lease): boolean {
    // A machine that was put to sleep finds out by the time of day.
    return performance.now() < usableUntil && Date.now() < usableUntilTime;
  }

  function accountsOf(draws: readonly Draw[]): string[] {
    return draws.map(({ limit, bucket }) => compile(limit).accountPrefix + bucket);
  }

  return {
    reserve,
    end: async (operation) => {
      const [id = ''] = operation.ids;
      const way = onTheirWay.get(id);
      if (way === undefined) return run(operation);
      const { call } = way;
      const result = await run({
        ...operation,
        apply: (book) => {
          book.adopt(call);
          return operation.apply(book);
        },
        ids: [...operation.ids, ...idsOf(call)],
        accounts: [...operation.accounts, ...accountsOf(call.request.draws)],
      });
      onTheirWay.delete(id);
      return result;
    },
    close: async () => {
      closed = true;
      clearInterval(tending);
      await Promise.all([...accounts.values()].map(({ taking }) => taking));
      await Promise.all([...accounts.values()].flatMap(({ open }) => [...open].map(giveBack)));
    },
  };
}

/** Whether a lease is of the limit as it is now, and of its window. */
function isOf({ definition, row, changesAt }: Lease, plan: Plan, wall: number): boolean {
  return plan.compiled.definition === definition && rowStart(plan) === row && wall < changesAt;
}

function idsOf({ request, from }: AdmittedInAdvance): string[] {
  return [request.id, ...from.filter((id) => id !== undefined)];
}

/** What makes two requests the same one: limits are told apart by their names. */
function contentOf({ draws, ...request }: ReserveRequest): unknown {
  return {
    ...request,
    draws: draws.map(({ limit, bucket, amount, minimum }) => [
      limit.id,
      bucket,
      amount.toFixed(),
      minimum?.toFixed(),
    ]),
  };
}
