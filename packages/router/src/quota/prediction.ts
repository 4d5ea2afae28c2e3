import type { QuotaUnit, QuotaWindow } from './window.ts';

/** When a window will be used up if things go on like this. */
export interface Prediction {
  readonly unit: QuotaUnit;
  readonly hours: number;
  /** 0 to 1: grows with what was seen, and with the time over which it was. */
  readonly confidence: number;
}

/** How fast something is used, old use forgotten by halves. */
export interface UsageRate {
  observe(amount: number, nowMs: number): void;
  perHour(nowMs: number): number;
  /** Decayed number of observations, and the time since the first. */
  evidence(nowMs: number): { readonly observations: number; readonly spanMs: number };
}

const halfLifeMs = 3_600_000;

export function createUsageRate(): UsageRate {
  let amount = 0;
  let observations = 0;
  let firstAtMs: number | undefined;
  let seenAtMs = 0;

  const kept = (nowMs: number): number => 0.5 ** (Math.max(0, nowMs - seenAtMs) / halfLifeMs);
  return {
    observe(used, nowMs) {
      const share = kept(nowMs);
      amount = amount * share + used;
      observations = observations * share + 1;
      firstAtMs ??= nowMs;
      seenAtMs = nowMs;
    },
    perHour(nowMs) {
      const spanMs = Math.max(60_000, nowMs - (firstAtMs ?? nowMs));
      // The area below a weight that halves each half-life, from the first use until now.
      const weightMs = (halfLifeMs / Math.LN2) * (1 - 0.5 ** (spanMs / halfLifeMs));
      return (amount * kept(nowMs) * 3_600_000) / weightMs;
    },
    evidence: (nowMs) => ({
      observations: observations * kept(nowMs),
      spanMs: firstAtMs === undefined ? 0 : nowMs - firstAtMs,
    }),
  };
}

/** @returns nothing when the window is back before it runs out, or nobody uses it */
export function predictExhaustion(
  window: QuotaWindow,
  rate: UsageRate,
  nowMs: number,
): Prediction | undefined {
  const perHour = rate.perHour(nowMs);
  if (perHour <= 0) return undefined;
  const hours = window.remaining / perHour;
  if (window.resetsAtMs !== undefined && nowMs + hours * 3_600_000 >= window.resetsAtMs) return undefined;
  const { observations, spanMs } = rate.evidence(nowMs);
  const confidence = Math.min(1, observations / 10) * (spanMs < 3_600_000 ? 0.8 : 1);
  return { unit: window.unit, hours, confidence };
}
