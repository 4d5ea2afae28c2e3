/**
 * A measure that jumps up at once and comes down slowly, and that forgets: without news it returns to its
 * prior, so that what was slow once is tried again.
 */
export interface PeakEwma {
  observe(value: number, nowMs: number): void;
  read(nowMs: number): number;
}

export interface PeakEwmaOptions {
  /** What is believed before anything was seen. */
  readonly prior: number;
  /** Time in which the weight of what was seen falls to a third. @default 10_000 */
  readonly decayMs?: number;
  /** Time without news in which belief moves two thirds of the way back to the prior. @default 300_000 */
  readonly forgetMs?: number;
}

export function createPeakEwma({ prior, decayMs = 10_000, forgetMs = 300_000 }: PeakEwmaOptions): PeakEwma {
  let value = prior;
  let seenAtMs: number | undefined;

  const read = (nowMs: number): number => {
    if (seenAtMs === undefined) return prior;
    return prior + (value - prior) * Math.exp(-Math.max(0, nowMs - seenAtMs) / forgetMs);
  };
  return {
    read,
    observe(seen, nowMs) {
      const old = read(nowMs);
      const weight = seenAtMs === undefined ? 0 : Math.exp(-Math.max(1, nowMs - seenAtMs) / decayMs);
      value = seen > old ? seen : old * weight + seen * (1 - weight);
      seenAtMs = nowMs;
    },
  };
}
