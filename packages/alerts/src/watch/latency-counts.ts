/** How many calls took how long, in buckets that each are 2 % wide. */
export type LatencyCounts = Map<number, number>;

const width = Math.log(1.02);

export function addLatency(counts: LatencyCounts, latencyMs: number): void {
  const bucket = latencyMs < 1 ? 0 : Math.ceil(Math.log(latencyMs) / width);
  counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
}

/**
 * The latency that so many percent of calls did not exceed.
 *
 * @returns milliseconds, not below the true value and at most 2 % above it (1 ms for what took less); 0 when
 *   there are no calls
 */
export function latencyAt(counts: LatencyCounts, percentile: number): number {
  const buckets = [...counts.keys()].sort((left, right) => left - right);
  let calls = 0;
  for (const count of counts.values()) calls += count;
  let left = Math.ceil((calls * percentile) / 100);
  for (const bucket of buckets) {
    left -= counts.get(bucket) ?? 0;
    if (left <= 0) return Math.exp(bucket * width);
  }
  return 0;
}
