import type { Clock } from '../clock.ts';

/**
 * The clock of the store, carried on between its answers by a clock of this process that is never set. What
 * the clock of this machine says does not matter.
 */
export interface StoreClock {
  readonly read: Clock;
  /** What the store's clock said just now, in milliseconds since 1970. */
  readonly heard: (storeNow: number) => void;
  /** What to tell the store instead of letting it look, when a clock was given. */
  readonly given: () => number | undefined;
}

export function createStoreClock(now: (() => Date) | undefined): StoreClock {
  let offset = 0;
  let last = Number.NEGATIVE_INFINITY;
  return {
    read: () => {
      const time = now === undefined ? Math.floor(performance.now() + offset) : now().getTime();
      last = Math.max(last, time);
      return { wall: last, steady: last };
    },
    heard: (storeNow) => {
      offset = storeNow - performance.now();
    },
    given: () => now?.().getTime(),
  };
}
