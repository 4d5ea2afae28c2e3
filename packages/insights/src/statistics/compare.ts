import { normalCumulative, normalTwoSided, studentCritical, studentTwoSided } from './distributions.ts';
import type { Moments } from './moments.ts';

/** How two samples differ: the second minus the first. */
export interface Difference {
  readonly difference: number;
  /** Within which the true difference lies with the confidence asked for. */
  readonly interval: readonly [low: number, high: number];
  /** How likely a difference at least as large is when there is none. */
  readonly pValue: number;
}

/**
 * Welch's t-test of two means, for samples of unlike spread and size.
 *
 * @param confidence - of the interval, 0 to 1
 * @returns undefined when one has fewer than two values, or neither varies at all
 */
export function welchTest(first: Moments, second: Moments, confidence = 0.95): Difference | undefined {
  if (first.count < 2 || second.count < 2) return undefined;
  const a = first.variance / first.count;
  const b = second.variance / second.count;
  const error = Math.sqrt(a + b);
  if (error === 0) return undefined;
  const degrees = (a + b) ** 2 / (a ** 2 / (first.count - 1) + b ** 2 / (second.count - 1));
  const difference = second.mean - first.mean;
  const margin = studentCritical(1 - confidence, degrees) * error;
  return {
    difference,
    interval: [difference - margin, difference + margin],
    pValue: studentTwoSided(Math.abs(difference) / error, degrees),
  };
}

export interface Proportion {
  readonly successes: number;
  readonly trials: number;
}

/** Below this many expected successes or failures on one side, the normal approximation says too much. */
const leastExpected = 5;

/**
 * Whether two shares differ: the two-proportion z-test with pooled variance, and Newcombe's interval.
 *
 * @returns undefined when there are too few of either kind to tell
 */
export function proportionTest(
  first: Proportion,
  second: Proportion,
  confidence = 0.95,
): Difference | undefined {
  const pooled = (first.successes + second.successes) / (first.trials + second.trials);
  const fewest = Math.min(first.trials, second.trials) * Math.min(pooled, 1 - pooled);
  if (!(fewest >= leastExpected)) return undefined;
  const [one, two] = [first.successes / first.trials, second.successes / second.trials];
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / first.trials + 1 / second.trials));
  const [lowOne, highOne] = wilsonInterval(first, confidence);
  const [lowTwo, highTwo] = wilsonInterval(second, confidence);
  const difference = two - one;
  return {
    difference,
    interval: [
      difference - Math.hypot(two - lowTwo, highOne - one),
      difference + Math.hypot(highTwo - two, one - lowOne),
    ],
    pValue: normalTwoSided(Math.abs(difference) / error),
  };
}

/** Wilson's score interval: within which the true share lies, also for few trials and shares near 0 or 1. */
export function wilsonInterval(
  { successes, trials }: Proportion,
  confidence = 0.95,
): readonly [low: number, high: number] {
  if (trials === 0) return [0, 1];
  const z = studentCritical(1 - confidence, Number.POSITIVE_INFINITY);
  const share = successes / trials;
  const scale = 1 + z ** 2 / trials;
  const centre = (share + z ** 2 / (2 * trials)) / scale;
  const margin = (z / scale) * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  return [Math.max(0, centre - margin), Math.min(1, centre + margin)];
}

/**
 * How likely it is that the second share is not below the first by more than `tolerance`. One of each kind is
 * added to either (Agresti and Caffo), so that no share is ever taken to be certain.
 */
export function chanceNotWorse(first: Proportion, second: Proportion, tolerance: number): number {
  const [one, two] = [first, second].map(({ successes, trials }) => ({
    share: (successes + 1) / (trials + 2),
    trials: trials + 2,
  })) as [{ share: number; trials: number }, { share: number; trials: number }];
  const error = Math.sqrt(
    (one.share * (1 - one.share)) / one.trials + (two.share * (1 - two.share)) / two.trials,
  );
  return normalCumulative((two.share - one.share + tolerance) / error);
}
