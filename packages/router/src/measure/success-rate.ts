/** A share of successes that starts from a prior and forgets old outcomes by halves. */
export interface SuccessRate {
  observe(succeeded: boolean, nowMs: number): void;
  /** Between 0 and 1. */
  read(nowMs: number): number;
}

export interface SuccessRateOptions {
  /** @default 0.95 */
  readonly prior?: number;
  /** How many outcomes the prior is worth. @default 10 */
  readonly priorWeight?: number;
  /** @default 300_000 */
  readonly halfLifeMs?: number;
}

export function createSuccessRate(options: SuccessRateOptions = {}): SuccessRate {
  const { prior = 0.95, priorWeight = 10, halfLifeMs = 300_000 } = options;
  let successes = 0;
  let outcomes = 0;
  let seenAtMs = 0;

  const kept = (nowMs: number): number => 0.5 ** (Math.max(0, nowMs - seenAtMs) / halfLifeMs);
  return {
    observe(succeeded, nowMs) {
      const share = kept(nowMs);
      successes = successes * share + (succeeded ? 1 : 0);
      outcomes = outcomes * share + 1;
      seenAtMs = nowMs;
    },
    read(nowMs) {
      const share = kept(nowMs);
      return (successes * share + prior * priorWeight) / (outcomes * share + priorWeight);
    },
  };
}
