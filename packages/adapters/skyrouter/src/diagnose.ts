import { ConfigurationError, type RankedModel } from '@genops/core';

export interface PerformanceOptions {
  /** Candidates of the choices that are timed. */
  readonly models: readonly string[];
  /** @default 1 */
  readonly testDurationSeconds?: number;
}

export interface PerformanceDiagnosis {
  /** Choices that were made. */
  readonly selections: number;
  readonly routeSelectionLatencyMs: { readonly mean: number; readonly p50: number; readonly p95: number };
}

/** The most timings that are kept for the percentiles. */
const mostTimings = 100_000;

/**
 * Makes choices for a while and says how long they took. Nothing is sent and nothing is billed.
 *
 * @throws {ConfigurationError} when there is nothing to choose from
 */
export async function diagnosePerformance(
  choose: (models: readonly string[]) => readonly RankedModel[],
  { models, testDurationSeconds = 1 }: PerformanceOptions,
): Promise<PerformanceDiagnosis> {
  if (models.length === 0) throw new ConfigurationError('models', 'expected at least one to choose from');
  const until = performance.now() + testDurationSeconds * 1000;
  const timings: number[] = [];
  let begin = performance.now();
  do {
    choose(models);
    const end = performance.now();
    timings.push(end - begin);
    if (timings.length % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    begin = performance.now();
  } while (begin < until && timings.length < mostTimings);
  const sorted = timings.toSorted((left, right) => left - right);
  const percentile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] as number;
  return {
    selections: timings.length,
    routeSelectionLatencyMs: {
      mean: timings.reduce((sum, each) => sum + each, 0) / timings.length,
      p50: percentile(0.5),
      p95: percentile(0.95),
    },
  };
}
