import type { Clock } from '../../clock.ts';
import { type DrawPlanner, type Moment, type Plan, rowStart } from '../../plan-draw.ts';
import type { Operation, Queue } from '../queue.ts';
import { isOf, isUsable, type Lease, leaseAmount, leaseRequest, nextChange } from './lease.ts';
import type { LeasedAccount, LeasedAccounts } from './leased-accounts.ts';
import { type CallsOnTheirWay, pauseMs } from './on-their-way.ts';

/** Takes leases while there is use for them, and gives them back. */
export interface LeaseKeeper {
  /** Takes a lease when there is use for one, and the next one before the one in hand is used up. */
  readonly consider: (plan: Plan, moment: Moment) => void;
  /** Carries out an operation right after leases went back; nothing more is admitted on these. */
  readonly withoutLeases: <Result>(leases: readonly Lease[], operation: Operation<Result>) => Promise<Result>;
  /** Gives back what is not used any more, and forgets accounts that nobody draws on. */
  readonly tend: () => void;
  readonly giveAllBack: () => Promise<void>;
}

export interface LeaseKeeperOptions {
  readonly run: Queue['run'];
  readonly clock: Clock;
  readonly planDraw: DrawPlanner;
  readonly accounts: LeasedAccounts;
  readonly calls: CallsOnTheirWay;
  readonly usableMs: number;
  readonly share: number;
  readonly isClosed: () => boolean;
}

/** How long no lease is taken after one was refused. */
const restMs = 1000;

export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const { run, clock, planDraw, accounts, calls, usableMs, share, isClosed } = options;

  function detach(lease: Lease): void {
    const leased = accounts.get(lease.account);
    if (leased?.current === lease) leased.current = undefined;
  }

  /** The calls that were admitted on the leases come into the store before these go back. */
  function afterGivingBack<Result>(
    leases: readonly Lease[],
    operation: Operation<Result>,
  ): Operation<Result> {
    for (const lease of leases) detach(lease);
    return calls.after(calls.on(leases), {
      ...operation,
      apply: (book) => {
        for (const { id } of leases) book.giveBack(id);
        return operation.apply(book);
      },
      ids: [...operation.ids, ...leases.map(({ id }) => id)],
      accounts: [...operation.accounts, ...leases.map(({ account }) => account)],
    });
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
        if (isClosed()) break;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
    accounts.get(lease.account)?.open.delete(lease);
  }

  function wantsAnother(current: Lease | undefined, plan: Plan, { wall }: Moment): boolean {
    return (
      current === undefined ||
      !isOf(current, plan, wall) ||
      2n * current.remaining < current.size ||
      current.usableUntil - performance.now() < usableMs / 4
    );
  }

  async function take(leased: LeasedAccount, amount: bigint): Promise<void> {
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

  return {
    consider: (plan, moment) => {
      const leased = accounts.get(plan.account);
      if (leased?.state === undefined || leased.taking !== undefined || isClosed()) return;
      if (performance.now() < leased.restUntil || !wantsAnother(leased.current, plan, moment)) return;
      const amount = leaseAmount(leased.demand, leased.state, share);
      if (amount === undefined) return;
      leased.taking = take(leased, amount).finally(() => {
        leased.taking = undefined;
      });
    },
    withoutLeases: async (leases, operation) => {
      try {
        const reply = await run(afterGivingBack(leases, operation));
        for (const lease of leases) accounts.get(lease.account)?.open.delete(lease);
        return reply;
      } catch (error) {
        for (const lease of leases) void giveBack(lease);
        throw error;
      }
    },
    tend: () => {
      for (const { account, current, open, demand, taking } of accounts.all()) {
        if (current !== undefined && !isUsable(current)) void giveBack(current);
        if (open.size === 0 && taking === undefined && demand.calls() === 0) accounts.forget(account);
      }
    },
    giveAllBack: async () => {
      await Promise.all([...accounts.all()].map(({ taking }) => taking));
      await Promise.all([...accounts.all()].flatMap(({ open }) => [...open].map(giveBack)));
    },
  };
}
