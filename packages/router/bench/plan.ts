import { money } from '@genops/core';
import { createRouter, type PricedTarget, type Router } from '../src/index.ts';

/** Microseconds that one call takes: the best of several rounds, after warming up. */
function measure(action: () => unknown): number {
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

function setUp(
  targets: number,
  keysEach: number,
): { readonly router: Router; readonly priced: readonly PricedTarget[] } {
  const router = createRouter({ seed: 'bench' });
  const priced = Array.from({ length: targets }, (_, index): PricedTarget => {
    const provider = `provider-${index}`;
    for (let key = 0; key < keysEach; key += 1) {
      const id = `${provider}-${key}`;
      router.keys.register({ id, provider, secret: `secret-${id}`, metadata: { account: id } });
    }
    return { target: { id: provider, provider, model: 'm' }, cost: money(`0.00${index + 1}`) };
  });
  return { router, priced };
}

const print = (...cells: readonly string[]): void => {
  const padded = cells.map((cell, index) => (index === 0 ? cell.padEnd(34) : cell.padStart(14)));
  process.stdout.write(`${padded.join('')}\n`);
};

print('keys × candidates', 'plan, µs', 'with a 429, µs');
let first: number | undefined;
for (const [targets, keysEach] of [
  [1, 4],
  [4, 25],
  [4, 250],
  [4, 2_500],
  [10, 100],
  [10, 1_000],
] as const) {
  const { router, priced } = setUp(targets, keysEach);
  let call = 0;
  const request = () => ({
    id: `op-${++call}`,
    targets: priced,
    needs: { inputTokens: 100, outputTokens: 100 },
    stream: false,
  });
  const plan = measure(() => router.plan(request()));
  first ??= plan;
  // Each round one key leaves the draw and comes back, as it does around a 429.
  const changing = measure(() => {
    const planned = router.plan(request());
    const keyId = planned.routes[0]?.keyId as string;
    router.keys.setState(keyId, 'throttled', { cooldownMs: 1_000 });
    router.keys.setState(keyId, 'available');
  });
  print(
    `${targets * keysEach} = ${targets} targets × ${keysEach} keys`,
    plan.toFixed(1),
    changing.toFixed(1),
    `${(plan / first).toFixed(1)} ×`,
  );
}
