import { max } from '../../account.ts';

/** How much was asked of one account lately: in the period under way and in the one before, together. */
export interface Demand {
  readonly note: (amount: bigint, expiresInMs: number) => void;
  readonly calls: () => number;
  readonly amount: () => bigint;
  /** The largest call, and the longest hold, that was noted. */
  readonly largest: () => bigint;
  readonly longestMs: () => number;
}

interface Period {
  readonly number: number;
  calls: number;
  amount: bigint;
  largest: bigint;
  longestMs: number;
}

const nothing = { calls: 0, amount: 0n, largest: 0n, longestMs: 0 } as const;

export function createDemand(periodMs: number): Demand {
  let current: Period = { number: 0, ...nothing };
  let before: Period = { number: -1, ...nothing };

  function periods(): readonly [Period, Period] {
    const number = Math.floor(performance.now() / periodMs);
    if (number !== current.number) {
      before = number === current.number + 1 ? current : { number: number - 1, ...nothing };
      current = { number, ...nothing };
    }
    return [current, before];
  }

  return {
    note: (amount, expiresInMs) => {
      const [period] = periods();
      period.calls += 1;
      period.amount += amount;
      if (amount > period.largest) period.largest = amount;
      if (expiresInMs > period.longestMs) period.longestMs = expiresInMs;
    },
    calls: () => periods().reduce((sum, { calls }) => sum + calls, 0),
    amount: () => periods().reduce((sum, { amount }) => sum + amount, 0n),
    largest: () => periods().reduce((most, { largest }) => max(most, largest), 0n),
    longestMs: () => Math.max(...periods().map(({ longestMs }) => longestMs)),
  };
}
