import { median, robustSpread } from '../statistics/quantile.ts';

/** What a series of days looks like: a level with a trend, times a factor for each day of the week. */
export interface DailyModel {
  /** By day of the week, Monday first; their mean is 1. */
  readonly weekdays: readonly number[];
  /** Without the week's ups and downs, at the last day. */
  readonly level: number;
  /** Change of the level from day to day, at the last day. */
  readonly trend: number;
  /** What is left of the trend each day further on: 1 goes on for ever, less dies down. */
  readonly damping: number;
  /** Expected value `days` after the last one, from 1 on. Never below 0. */
  at(days: number): number;
}

const week = 7;

/** What smoothing may look like; the best of them for the series at hand is taken. */
const smoothings = [0.05, 0.1, 0.2, 0.35, 0.5].flatMap((level) =>
  [0, 0.02, 0.1].map((trend) => ({ level, trend, damping: 0.9 })),
);

/** Days further from their neighbours than this many robust deviations are drawn back to there. */
const outlierDeviations = 5;

/**
 * Fits the model: factors of weekdays are the medians of each day's share of the seven days around it (classical
 * multiplicative decomposition); the deseasonalised series is smoothed by Holt's method with a damped trend
 * (Gardner and McKenzie), with whichever parameters would have foretold its days best, one day ahead.
 *
 * @param values - one for each day, none negative, the oldest first; at least two weeks
 * @param firstWeekday - of the first value, 0 is Monday
 */
export function fitDailyModel(values: readonly number[], firstWeekday: number): DailyModel {
  const weekdays = weekdayFactors(values, firstWeekday);
  const factorAt = (index: number): number => weekdays[(firstWeekday + index) % week] as number;
  const flat = drawOutliersIn(
    values.map((value, index) => {
      const factor = factorAt(index);
      return factor === 0 ? 0 : value / factor;
    }),
  );
  let best = smooth(flat, smoothings[0] as Smoothing);
  for (const smoothing of smoothings) {
    const tried = smooth(flat, smoothing);
    if (tried.squaredError < best.squaredError) best = tried;
  }
  const { level, trend, damping } = best;
  return {
    weekdays,
    level,
    trend,
    damping,
    at(days) {
      const drift = (trend * damping * (1 - damping ** days)) / (1 - damping);
      return Math.max(0, level + drift) * factorAt(values.length - 1 + days);
    },
  };
}

interface Smoothing {
  readonly level: number;
  readonly trend: number;
  readonly damping: number;
}

function smooth(
  values: readonly number[],
  { level: alpha, trend: beta, damping }: Smoothing,
): { level: number; trend: number; damping: number; squaredError: number } {
  let level = median(values.slice(0, week));
  let trend = 0;
  let squaredError = 0;
  for (const value of values) {
    const expected = level + damping * trend;
    const error = value - expected;
    squaredError += error ** 2;
    level = expected + alpha * error;
    trend = damping * trend + alpha * beta * error;
  }
  return { level, trend, damping, squaredError };
}

function weekdayFactors(values: readonly number[], firstWeekday: number): readonly number[] {
  const shares: number[][] = Array.from({ length: week }, () => []);
  for (let index = 3; index + 3 < values.length; index += 1) {
    const around = values.slice(index - 3, index + 4).reduce((sum, value) => sum + value, 0) / week;
    if (around > 0) shares[(firstWeekday + index) % week]?.push((values[index] as number) / around);
  }
  const factors = shares.map((share) => (share.length === 0 ? 1 : median(share)));
  const mean = factors.reduce((sum, factor) => sum + factor, 0) / week;
  return mean === 0 ? factors.map(() => 1) : factors.map((factor) => factor / mean);
}

/** One wild day says little of the days to come. Each is held to what the two weeks around it allow. */
function drawOutliersIn(values: readonly number[]): readonly number[] {
  return values.map((value, index) => {
    const around = values.slice(Math.max(0, index - week), index + week + 1);
    const middle = median(around);
    const spread = robustSpread(around);
    if (spread === 0) return value;
    const reach = outlierDeviations * spread;
    return Math.min(Math.max(value, middle - reach), middle + reach);
  });
}
