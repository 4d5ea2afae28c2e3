import { createPeakEwma, type PeakEwma } from './peak-ewma.ts';
import { createSuccessRate, type SuccessRate } from './success-rate.ts';

/** What was measured of one place: how fast it answers, how often it does, and how busy it is. */
export interface TargetHealth {
  readonly latency: PeakEwma;
  readonly timeToFirstToken: PeakEwma;
  readonly success: SuccessRate;
  /** Attempts under way. */
  inFlight: number;
  /** Attempts ever made. */
  uses: number;
}

export interface HealthPriors {
  /** @default 2_000 */
  readonly latencyMs?: number;
  /** @default 800 */
  readonly timeToFirstTokenMs?: number;
  /** @default 0.95 */
  readonly success?: number;
}

export function createTargetHealth(priors: HealthPriors = {}): TargetHealth {
  return {
    latency: createPeakEwma({ prior: priors.latencyMs ?? 2_000 }),
    timeToFirstToken: createPeakEwma({ prior: priors.timeToFirstTokenMs ?? 800 }),
    success: createSuccessRate({ prior: priors.success ?? 0.95 }),
    inFlight: 0,
    uses: 0,
  };
}
