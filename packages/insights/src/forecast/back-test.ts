import { quantile } from '../statistics/quantile.ts';
import { type DailyModel, fitDailyModel } from './daily-model.ts';

/** How well the model would have foretold sums of days that are known by now. */
export interface BackTest {
  /** Days whose sum was foretold each time. */
  readonly horizonDays: number;
  /** How often it was tried: from each day on that had enough days before it. */
  readonly trials: number;
  /** Mean of |foretold − real| over mean of real: 0.1 is a tenth off, on average. */
  readonly error: number;
  /** Mean of foretold − real over mean of real: above 0 means that it said too much. */
  readonly bias: number;
  /** The error of saying that each day will be as the same weekday before it: to be better than. */
  readonly naiveError: number;
  /** Real ÷ foretold, of each trial. */
  readonly ratios: readonly number[];
}

/** Days that a model needs: two weeks to see the week's shape, and one to tell it from chance. */
export const leastDays = 21;

/** Fewer trials say too little of how far off it can be. */
export const leastTrials = 5;

/**
 * Foretells the past from what was known before it, again and again, and compares.
 *
 * @returns undefined when there are too few days to try it often enough
 */
export function backTest(
  values: readonly number[],
  firstWeekday: number,
  horizonDays: number,
): BackTest | undefined {
  const trials: { readonly foretold: number; readonly naive: number; readonly real: number }[] = [];
  for (let known = leastDays; known + horizonDays <= values.length; known += 1) {
    const past = values.slice(0, known);
    const foretold = sumAhead(fitDailyModel(past, firstWeekday), horizonDays);
    let naive = 0;
    for (let day = 0; day < horizonDays; day += 1) naive += past[known - 7 + (day % 7)] ?? 0;
    const real = values.slice(known, known + horizonDays).reduce((sum, value) => sum + value, 0);
    trials.push({ foretold, naive, real });
  }
  if (trials.length < leastTrials) return undefined;
  const sum = (of: (trial: (typeof trials)[number]) => number): number =>
    trials.reduce((total, trial) => total + of(trial), 0);
  const real = sum((trial) => trial.real);
  const over = (value: number): number =>
    real === 0 ? (value === 0 ? 0 : Number.POSITIVE_INFINITY) : value / real;
  return {
    horizonDays,
    trials: trials.length,
    error: over(sum((trial) => Math.abs(trial.foretold - trial.real))),
    bias: over(sum((trial) => trial.foretold - trial.real)),
    naiveError: over(sum((trial) => Math.abs(trial.naive - trial.real))),
    ratios: trials.flatMap((trial) => (trial.foretold > 0 ? trial.real / trial.foretold : [])),
  };
}

/** The sum of the next so many days. */
export function sumAhead(model: DailyModel, days: number): number {
  let sum = 0;
  for (let day = 1; day <= days; day += 1) sum += model.at(day);
  return sum;
}

/** Between which multiples of what was foretold the real values lay, all but so many of them. */
export function ratioInterval(
  { ratios }: BackTest,
  coverage: number,
): readonly [low: number, high: number] | undefined {
  if (ratios.length < leastTrials) return undefined;
  return [quantile(ratios, (1 - coverage) / 2), quantile(ratios, (1 + coverage) / 2)];
}
