import { rollupGrains } from './dimensions.ts';

/** Periods that together are exactly the time asked for, each summed up as coarsely as it can be. */
export interface CoveredPeriod {
  /** Length of the roll-ups to read; absent where single entries have to be. */
  readonly grain?: number;
  /** Milliseconds since 1970: inclusive, exclusive. */
  readonly from: number;
  readonly until: number;
}

const { dayMs, quarterHourMs } = rollupGrains;

/** Further than any instant that a date can name. */
export const endOfTime = 8_640_000_000_000_000;

/** Whole days, the quarter hours before and after them, and what is left at the two ends. */
export function coverTime(from: number, until: number): CoveredPeriod[] {
  return [
    ...coverWith(dayMs, from, until, (before) =>
      coverWith(quarterHourMs, before.from, before.until, (rest) => [rest]),
    ),
  ].filter((period) => period.from < period.until);
}

function coverWith(
  grain: number,
  from: number,
  until: number,
  finer: (period: CoveredPeriod) => CoveredPeriod[],
): CoveredPeriod[] {
  const first = Math.ceil(from / grain) * grain;
  const last = Math.floor(until / grain) * grain;
  if (first >= last) return finer({ from, until });
  return [
    ...finer({ from, until: first }),
    { grain, from: first, until: last },
    ...finer({ from: last, until }),
  ];
}
