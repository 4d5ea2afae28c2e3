// How long a plan takes: with more keys at the same candidates, and with more candidates. Usage: npm run bench
import { money } from '@genops/core';
import { createRouter, type PricedTarget, type Router, recordOf } from '../src/index.ts';

/**
 * Microseconds of processor time that one call takes: the best of several rounds, after warming up. Processor
 * time, so that whatever else the machine does counts as little as it can.
 */
function measure(action: () => unknown): number {
  const roundMs = 60;
  let calls = 0;
  const warmUntil = performance.now() + 2 * roundMs;
  while (performance.now() < warmUntil) {
    action();
    calls += 1;
  }
  calls = Math.ceil(calls / 2);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 9; round += 1) {
    const start = process.cpuUsage();
    for (let call = 0; call < calls; call += 1) action();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / calls);
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
  const padded = cells.map((cell, index) => (index === 0 ? cell.padEnd(34) : cell.padStart(18)));
  process.stdout.write(`${padded.join('')}\n`);
};

interface Row {
  readonly planned: number;
  readonly recorded: number;
  readonly changing: number;
}

function row(targets: number, keysEach: number): Row {
  const { router, priced } = setUp(targets, keysEach);
  let call = 0;
  const plan = () =>
    router.plan({
      id: `op-${++call}`,
      targets: priced,
      needs: { inputTokens: 100, outputTokens: 100 },
      stream: false,
    });
  const planned = measure(plan);
  const recorded = measure(() => recordOf(plan()));
  // Each round one key leaves the draw and comes back, as it does around a 429.
  const changing = measure(() => {
    const keyId = plan().routes[0]?.keyId as string;
    router.keys.setState(keyId, 'throttled', { cooldownMs: 1_000 });
    router.keys.setState(keyId, 'available');
  });
  return { planned, recorded, changing };
}

function table(title: string, shapes: readonly (readonly [targets: number, keysEach: number])[]): void {
  print(title, 'plan, µs', 'and record, µs', 'and a 429, µs', 'against the first');
  let first: number | undefined;
  for (const [targets, keysEach] of shapes) {
    const { planned, recorded, changing } = row(targets, keysEach);
    first ??= planned;
    print(
      `${targets * keysEach} = ${targets} × ${keysEach}`,
      planned.toFixed(1),
      recorded.toFixed(1),
      changing.toFixed(1),
      `${(planned / first).toFixed(1)} ×`,
    );
  }
  print('');
}

// Two keys are drawn for each candidate, however many there are.
table('more keys, 1 candidate', [
  [1, 4],
  [1, 100],
  [1, 1_000],
  [1, 10_000],
]);
table('more keys, 4 candidates', [
  [4, 1],
  [4, 25],
  [4, 250],
  [4, 2_500],
]);
// Each candidate is filtered, scored and explained: this grows with their number, and can do nothing else.
table('more candidates, 1 key each', [
  [4, 1],
  [10, 1],
  [100, 1],
  [1_000, 1],
  [10_000, 1],
]);
