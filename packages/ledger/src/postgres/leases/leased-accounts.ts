import type { LimitState } from '@genops/core';
import type { CompiledLimit, LimitCompiler } from '../../compiled-limit.ts';
import type { Draw } from '../../ledger.ts';
import type { Plan } from '../../plan-draw.ts';
import { toSubunits } from '../../subunits.ts';
import { createDemand, type Demand } from './demand.ts';
import { isLeasable, type Lease } from './lease.ts';

/** An account that calls here draw on, and what this replica holds of it in advance. */
export interface LeasedAccount {
  readonly account: string;
  compiled: CompiledLimit;
  readonly bucket: string;
  readonly demand: Demand;
  /** As last heard of; what this replica holds in advance is held in it. */
  state: LimitState | undefined;
  /** The lease that is drawn on. */
  current: Lease | undefined;
  /** All leases that are not given back yet. */
  readonly open: Set<Lease>;
  taking: Promise<void> | undefined;
  /** No lease is taken before; by the clock that is never set. */
  restUntil: number;
}

export interface LeasedAccounts {
  readonly get: (account: string) => LeasedAccount | undefined;
  readonly all: () => IterableIterator<LeasedAccount>;
  /** Notes that a call asks for some of it, where it can be held in advance. */
  readonly note: (plan: Plan, draw: Draw, expiresInMs: number) => void;
  /** Notes what the store said of the accounts of these draws. */
  readonly heard: (draws: readonly Draw[], states: readonly LimitState[]) => void;
  readonly forget: (account: string) => void;
  /** The names of the accounts. */
  readonly namesOf: (draws: readonly Draw[]) => string[];
}

export function createLeasedAccounts(compile: LimitCompiler, usableMs: number): LeasedAccounts {
  const accounts = new Map<string, LeasedAccount>();

  const namesOf = (draws: readonly Draw[]): string[] =>
    draws.map(({ limit, bucket }) => compile(limit).accountPrefix + bucket);

  return {
    get: (account) => accounts.get(account),
    all: () => accounts.values(),
    note: (plan, { bucket, amount }, expiresInMs) => {
      if (!isLeasable(plan)) return;
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
      leased.demand.note(toSubunits(amount), expiresInMs);
    },
    heard: (draws, states) => {
      for (const [index, name] of namesOf(draws).entries()) {
        const leased = accounts.get(name);
        if (leased !== undefined) leased.state = states[index];
      }
    },
    forget: (account) => {
      accounts.delete(account);
    },
    namesOf,
  };
}
