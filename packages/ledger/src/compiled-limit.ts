import type { Limit } from '@genops/core';
import { textToSubunits } from './subunits.ts';

/** A limit with its numbers read, once for the life of the object that defines it. */
export interface CompiledLimit {
  readonly limit: Limit;
  /** Names the limit's counters, apart from the bucket: what it counts and in which windows. */
  readonly accountPrefix: string;
  /** `amount` with the increase in force at that instant, roll-over apart. */
  readonly capacityAt: (at: number) => bigint;
  /** How far beyond its capacity a call may still go. */
  readonly overdraft: bigint;
  readonly rollOverUpTo: bigint;
  /** With a rate: how much may come at once, when that is not the amount itself. */
  readonly burst: bigint | undefined;
  /** Thousandths of a percent, ascending. */
  readonly thresholds: readonly number[];
  /** The definition as JSON, for a store to keep beside what was counted. */
  readonly definition: string;
}

export type LimitCompiler = (limit: Limit) => CompiledLimit;

/** Remembers what it compiled for as long as the limit itself is remembered. */
export function createLimitCompiler(): LimitCompiler {
  const known = new WeakMap<Limit, CompiledLimit>();
  return (limit) => {
    let compiled = known.get(limit);
    if (compiled === undefined) {
      compiled = compile(limit);
      known.set(limit, compiled);
    }
    return compiled;
  };
}

function compile(limit: Limit): CompiledLimit {
  const amount = textToSubunits(limit.amount);
  const increases = (limit.increases ?? []).map((increase) => ({
    amount: textToSubunits(increase.amount),
    from: Date.parse(increase.from),
    until: Date.parse(increase.until),
  }));
  const { window } = limit;
  return {
    limit,
    accountPrefix: `${[limit.id, limit.unit, currencyOf(limit) ?? '', ...windowWords(limit)].join('|')}|`,
    capacityAt: (at) => {
      const increase = increases.findLast(({ from, until }) => from <= at && at < until);
      return increase === undefined ? amount : amount + increase.amount;
    },
    overdraft:
      limit.onExceeded === 'elastic' && limit.overdraft !== undefined ? textToSubunits(limit.overdraft) : 0n,
    rollOverUpTo: limit.rollOverUpTo === undefined ? 0n : textToSubunits(limit.rollOverUpTo),
    burst: window.kind === 'rate' && window.burst !== undefined ? textToSubunits(window.burst) : undefined,
    thresholds: (limit.thresholds ?? [])
      .map((percent) => Math.round(percent * 1000))
      .sort((left, right) => left - right),
    definition: JSON.stringify(limit),
  };
}

/** Money has a currency, other units have none. */
export function currencyOf(limit: Limit): string | undefined {
  return limit.unit === 'money' ? (limit.currency ?? 'USD') : undefined;
}

/** Another kind of window is another account: what was counted in months says nothing about days. */
function windowWords({ unit, window }: Limit): readonly (string | number)[] {
  if (unit === 'concurrency') return ['concurrency'];
  switch (window.kind) {
    case 'calendar':
      return [window.kind, window.period, window.timeZone ?? 'UTC', window.fiscalYearStartMonth ?? 1];
    case 'fixed':
      return [window.kind, window.seconds, window.anchor ?? ''];
    case 'rolling':
    case 'rate':
      return [window.kind, window.seconds];
    default:
      return [window.kind];
  }
}
