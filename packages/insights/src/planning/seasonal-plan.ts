import { ConfigurationError, type Money } from '@genops/core';
import { estimateAsMoney, toNumber } from '../amounts.ts';
import { momentsOf } from '../statistics/moments.ts';
import { quantile } from '../statistics/quantile.ts';

/** What was spent in a calendar month. */
export interface MonthSum {
  /** `2026-07` */
  readonly month: string;
  readonly cost: Money;
}

export interface SeasonalPlanOptions {
  /** Whole months, one after the other, the oldest first. */
  readonly history: readonly MonthSum[];
  /** Months to plan. @default 12 */
  readonly months?: number;
  /**
   * How much dearer than an ordinary month each calendar month is, January first. @default computed from the
   * history, which needs two years of it, and half a year more to see how well that works
   */
  readonly factors?: readonly number[];
  /** Share of months that the band holds. @default 0.8 */
  readonly coverage?: number;
}

export type SeasonalPlan =
  | {
      readonly result: 'planned';
      readonly months: readonly {
        readonly month: string;
        readonly expected: Money;
        readonly low: Money;
        readonly high: Money;
      }[];
      /** January first; their mean is 1. */
      readonly factors: readonly number[];
      /** Growth from month to month that the deseasonalised history has. */
      readonly monthlyGrowth: number;
      /** Mean of |foretold − real| over real, one month ahead, over the months tested. */
      readonly error: number;
      readonly testedMonths: number;
    }
  | { readonly result: 'too_little_data'; readonly months: number; readonly neededMonths: number };

const year = 12;

/** Months that have to be foretold before anything can be said of how far off that is. */
const leastTrials = 6;

/**
 * Plans months by the season of the calendar. The base is deseasonalised before it is carried on, factors go by the
 * calendar month, growth is what the history shows, and the band is how far off the plan would have been before.
 *
 * @throws {ConfigurationError} when months do not follow one another, or factors are not twelve numbers above 0
 */
export function seasonalPlan(options: SeasonalPlanOptions): SeasonalPlan {
  const { history, months = 12, coverage = 0.8 } = options;
  checkHistory(history);
  if (options.factors !== undefined) checkFactors(options.factors);
  const learning = options.factors === undefined ? 2 * year : 3;
  const neededMonths = learning + leastTrials;
  const first = history[0];
  if (first === undefined || history.length < neededMonths) {
    return { result: 'too_little_data', months: history.length, neededMonths };
  }
  const values = history.map(({ cost }) => toNumber(cost));
  const start = monthNumber(first.month);
  const fit = (known: readonly number[]): Fit => {
    const factors = normalise(options.factors ?? factorsOf(known, start));
    return { factors, ...trendOf(known.map((value, index) => value / factorAt(factors, start + index))) };
  };
  const ratios: number[] = [];
  for (let known = learning; known < values.length; known += 1) {
    // Only what was known by then: a season that has seen the month tested would flatter itself.
    const { factors: then, base: level, growth: by } = fit(values.slice(0, known));
    const foretold = level * by * factorAt(then, start + known);
    if (foretold > 0) ratios.push((values[known] as number) / foretold);
  }
  const { factors, base, growth } = fit(values);
  const [low, high] = [quantile(ratios, (1 - coverage) / 2), quantile(ratios, (1 + coverage) / 2)];
  const { currency } = first.cost;
  const end = start + values.length - 1;
  return {
    result: 'planned',
    months: Array.from({ length: months }, (_, index) => {
      const ahead = index + 1;
      const expected = base * growth ** ahead * factorAt(factors, end + ahead);
      return {
        month: monthName(end + ahead),
        expected: estimateAsMoney(expected, currency),
        low: estimateAsMoney(expected * low, currency),
        high: estimateAsMoney(expected * high, currency),
      };
    }),
    factors,
    monthlyGrowth: growth - 1,
    error: momentsOf(ratios.map((ratio) => Math.abs(1 - 1 / ratio))).mean,
    testedMonths: ratios.length,
  };
}

interface Fit {
  readonly factors: readonly number[];
  readonly base: number;
  readonly growth: number;
}

function factorAt(factors: readonly number[], month: number): number {
  return factors[month % year] as number;
}

/** Each month's share of the twelve around it (a centred average of thirteen, its ends by half). */
function factorsOf(values: readonly number[], start: number): readonly number[] {
  const shares: number[][] = Array.from({ length: year }, () => []);
  for (let index = 6; index + 6 < values.length; index += 1) {
    const around = values.slice(index - 6, index + 7);
    const inner = around.reduce((sum, value) => sum + value, 0);
    const mean = (inner - ((around[0] as number) + (around[12] as number)) / 2) / year;
    if (mean > 0) shares[(start + index) % year]?.push((values[index] as number) / mean);
  }
  return shares.map((share) => (share.length === 0 ? 1 : momentsOf(share).mean));
}

/** A line through the logarithms of the months, read at the last one. */
function trendOf(values: readonly number[]): { readonly base: number; readonly growth: number } {
  const points = values.flatMap((value, index) => (value > 0 ? [[index, Math.log(value)] as const] : []));
  if (points.length < 2) return { base: values.at(-1) ?? 0, growth: 1 };
  const meanX = momentsOf(points.map(([x]) => x)).mean;
  const meanY = momentsOf(points.map(([, y]) => y)).mean;
  const slope =
    points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
    points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return { base: Math.exp(meanY + slope * (values.length - 1 - meanX)), growth: Math.exp(slope) };
}

function normalise(factors: readonly number[]): readonly number[] {
  const { mean } = momentsOf(factors);
  return factors.map((factor) => factor / mean);
}

function checkHistory(history: readonly MonthSum[]): void {
  history.forEach(({ month, cost }, index) => {
    const before = history[index - 1];
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
      throw new ConfigurationError(
        `history.${index}.month`,
        `expected a month such as "2026-07", got "${month}"`,
      );
    }
    if (before !== undefined && monthNumber(month) !== monthNumber(before.month) + 1) {
      throw new ConfigurationError(
        `history.${index}.month`,
        `expected the month after ${before.month}, got ${month}`,
      );
    }
    if (before !== undefined && cost.currency !== before.cost.currency) {
      throw new ConfigurationError(
        `history.${index}.cost`,
        `expected ${before.cost.currency}, got ${cost.currency}`,
      );
    }
  });
}

function checkFactors(factors: readonly number[]): void {
  if (factors.length !== year || !factors.every((factor) => factor > 0 && Number.isFinite(factor))) {
    throw new ConfigurationError('factors', 'expected twelve numbers above 0, January first');
  }
}

/** Months since the year 0; divided by twelve, January leaves 0. */
function monthNumber(month: string): number {
  return Number(month.slice(0, 4)) * year + Number(month.slice(5, 7)) - 1;
}

function monthName(number: number): string {
  return `${Math.floor(number / year)}-${String((number % year) + 1).padStart(2, '0')}`;
}
