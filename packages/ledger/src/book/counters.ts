import type { LimitState } from '@genops/core';
import { type Account, emptyAccount, type Row, readAccount } from '../account.ts';
import type { PlannedDraw } from '../admit.ts';
import { givesBack, type Moment, type Plan, rowStart } from '../plan-draw.ts';
import { presentState } from '../present.ts';
import { adjust, drainUs, enqueue } from '../rate.ts';
import { forgetStored } from './forget.ts';
import type { HeldDraw } from './hold.ts';
import { counted, type EntryDraw, type Journal } from './journal.ts';

/** The rows of all limits, as far as they were needed. Every change of a row is made here, and told to the journal. */
export interface Counters {
  /** Loaded when it is met for the first time. */
  readonly account: (key: string) => Account;
  /** Undefined while it was not needed. */
  readonly known: (key: string) => Account | undefined;
  /** The row that a plan counts on, made when this is the first time. */
  readonly row: (plan: Plan) => Row;
  readonly stateOf: (plan: Plan, moment: Moment) => LimitState;
  /** Holds an amount for a call that was admitted. */
  readonly take: (draw: PlannedDraw, amount: bigint, moment: Moment) => HeldDraw;
  /** Frees what a draw held, and counts what it came to. */
  readonly end: (draw: HeldDraw, amount: bigint, moment: Moment) => EntryDraw;
  /** Counts without a hold. */
  readonly count: (plan: Plan, amount: bigint, moment: Moment) => EntryDraw;
  /** Moves what is held of a sum up or down. */
  readonly moveHeld: (plan: Plan, by: bigint) => void;
  readonly rows: () => Iterable<Row>;
  /** Lets go of what the store can load again, when there is much of it. */
  readonly forget: (isStored: (row: Row) => boolean) => void;
}

export interface CountersOptions {
  /** Reads an account that is not known yet, its newest rows at least. */
  readonly loadAccount: (key: string) => Account | undefined;
  /** Reads one row that may have been dropped. */
  readonly loadRow: (account: string, start: number) => Row | undefined;
  readonly journal: Pick<Journal, 'changed'>;
}

export function createCounters({ loadAccount, loadRow, journal }: CountersOptions): Counters {
  const accounts = new Map<string, Account>();

  function accountOf(key: string): Account {
    let account = accounts.get(key);
    if (account === undefined) {
      account = loadAccount(key) ?? emptyAccount(key);
      accounts.set(key, account);
    }
    return account;
  }

  function rowOf(plan: Plan): Row {
    const account = accountOf(plan.account);
    const start = rowStart(plan);
    let row = account.rows.get(start) ?? loadRow(account.key, start);
    row ??= { account: account.key, start, settled: 0n, held: 0n, told: 0 };
    account.rows.set(start, row);
    if (account.since === undefined || start < account.since) account.since = start;
    return row;
  }

  return {
    account: accountOf,
    known: (key) => accounts.get(key),
    row: rowOf,
    stateOf: (plan, { steady }) => {
      const account = plan.counting === 'call' ? undefined : accountOf(plan.account);
      return presentState(plan, readAccount(plan, account, toMicroseconds(steady)));
    },
    take: ({ plan, account, amount: asked, minimum }, amount, { steady }) => {
      const held = { plan, asked, minimum, amount };
      if (account === undefined || plan.counting === 'call') return held;
      const row = rowOf(plan);
      journal.changed(row);
      if (plan.counting === 'rate') {
        return { ...held, place: enqueue(row, drainUs(plan, amount) ?? 0n, toMicroseconds(steady)) };
      }
      row.held += amount;
      return held;
    },
    end: ({ plan, place, amount: held }, amount, { steady }) => {
      if (plan.counting === 'call') return counted(plan, amount);
      const row = rowOf(plan);
      journal.changed(row);
      if (plan.counting === 'rate') {
        if (place !== undefined) adjust(row, place, drainUs(plan, amount) ?? 0n, toMicroseconds(steady));
        return counted(plan, amount);
      }
      const kept = plan.givenBack ? 0n : amount;
      row.held -= held;
      row.settled += kept;
      return counted(plan, kept);
    },
    count: (plan, amount, { steady }) => {
      const kept = givesBack(plan) ? 0n : amount;
      if (plan.counting === 'call') return counted(plan, kept);
      const row = rowOf(plan);
      journal.changed(row);
      if (plan.counting === 'rate') enqueue(row, drainUs(plan, kept) ?? 0n, toMicroseconds(steady));
      else row.settled += kept;
      return counted(plan, kept);
    },
    moveHeld: (plan, by) => {
      const row = rowOf(plan);
      row.held += by;
      journal.changed(row);
    },
    *rows() {
      for (const account of accounts.values()) yield* account.rows.values();
    },
    forget: (isStored) => forgetStored(accounts, isStored),
  };
}

function toMicroseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000));
}
