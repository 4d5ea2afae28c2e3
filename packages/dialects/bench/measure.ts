/** Microseconds that one call takes: the best of several rounds, after warming up. */
export function measure(action: () => unknown): number {
  const roundMs = 60;
  let calls = 0;
  const warmUntil = performance.now() + roundMs;
  while (performance.now() < warmUntil) {
    action();
    calls += 1;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round += 1) {
    const start = performance.now();
    for (let call = 0; call < calls; call += 1) action();
    best = Math.min(best, ((performance.now() - start) * 1000) / calls);
  }
  return best;
}
