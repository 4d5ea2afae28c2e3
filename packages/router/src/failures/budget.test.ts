import { describe, expect, it } from 'vitest';
import { seededRandom } from '../measure/random.ts';
import { backOffMs } from './back-off.ts';
import { createRetryBudget } from './retry-budget.ts';

describe('createRetryBudget', () => {
  it.each([
    ['all calls fail', 0, 1.2],
    ['every second call fails', 0.5, 1.2],
    ['every twentieth call fails', 0.95, 1.06],
  ])('bounds the attempts when %s', (_, answeredShare, bound) => {
    const budget = createRetryBudget();
    const random = seededRandom('budget');
    let attempts = 0;
    const calls = 1_000;
    for (let call = 0; call < calls; call += 1) {
      for (;;) {
        attempts += 1;
        if (random() < answeredShare) {
          budget.answered();
          break;
        }
        if (!budget.take()) break;
      }
    }
    expect(attempts / calls).toBeLessThanOrEqual(bound);
  });
});

describe('backOffMs', () => {
  it('spreads over everything below a bound that doubles', () => {
    const random = seededRandom('jitter');
    for (const [retry, boundMs] of [
      [1, 250],
      [2, 500],
      [4, 2_000],
      [20, 8_000],
    ] as const) {
      const waits = Array.from({ length: 200 }, () => backOffMs(retry, random));
      expect(Math.max(...waits)).toBeLessThan(boundMs);
      expect(Math.max(...waits)).toBeGreaterThan(boundMs * 0.9);
      expect(Math.min(...waits)).toBeLessThan(boundMs * 0.1);
    }
  });
});
