import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chanceNotWorse, proportionTest, welchTest, wilsonInterval } from './compare.ts';
import {
  binomialAtLeast,
  normalCumulative,
  normalTwoSided,
  studentCritical,
  studentTwoSided,
} from './distributions.ts';
import { momentsOf } from './moments.ts';
import { median, quantile, robustSpread, tallyQuantile } from './quantile.ts';

describe('studentTwoSided', () => {
  // Printed tables of Student's distribution, and SciPy 1.17.
  it.each([
    [12.706205, 1, 0.05],
    [2.228139, 10, 0.05],
    [3.169273, 10, 0.01],
    [2.042272, 30, 0.05],
    [1.983972, 100, 0.05],
    [1, 3, 0.3910022],
  ])('of t = %d with %i degrees is what the tables say', (t, degrees, probability) => {
    expect(studentTwoSided(t, degrees)).toBeCloseTo(probability, 6);
  });

  it('is undone by studentCritical', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.9, noNaN: true }),
        fc.integer({ min: 1, max: 100_000_000 }),
        (p, n) => {
          expect(studentTwoSided(studentCritical(p, n), n)).toBeCloseTo(p, 7);
        },
      ),
    );
  });
});

describe('normalTwoSided', () => {
  it.each([
    [1.959963985, 0.05],
    [2.575829304, 0.01],
    [1, 0.3173105079],
    [5, 5.733031e-7],
    [0, 1],
  ])('of z = %d is what the tables say', (z, probability) => {
    expect(normalTwoSided(z)).toBeCloseTo(probability, 8);
  });

  it('adds up to the cumulative share on both sides', () => {
    expect(normalCumulative(1.644853627)).toBeCloseTo(0.95, 8);
    expect(normalCumulative(-1.644853627)).toBeCloseTo(0.05, 8);
  });
});

describe('binomialAtLeast', () => {
  it('is the sum of the single chances', () => {
    // 1 − 0.95³, and 56 of 2 to the 10th.
    expect(binomialAtLeast(1, 3, 0.05)).toBeCloseTo(0.142625, 10);
    expect(binomialAtLeast(8, 10, 0.5)).toBeCloseTo(56 / 1024, 10);
    expect(binomialAtLeast(0, 10, 0.5)).toBe(1);
    expect(binomialAtLeast(11, 10, 0.5)).toBe(0);
  });
});

describe('welchTest', () => {
  // SciPy 1.17: t = 2.852955, p = 0.008071938, interval 0.7986439 to 4.8680227.
  const first = momentsOf([
    27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4,
  ]);
  const second = momentsOf([
    27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4,
  ]);

  it('gives the difference, its interval and its p-value', () => {
    const test = welchTest(first, second);
    expect(test?.difference).toBeCloseTo(2.833333, 5);
    expect(test?.pValue).toBeCloseTo(0.008071938, 8);
    expect(test?.interval[0]).toBeCloseTo(0.7986439, 6);
    expect(test?.interval[1]).toBeCloseTo(4.8680227, 6);
  });

  it('cannot tell from single values, or from values that never differ', () => {
    expect(welchTest(momentsOf([1]), second)).toBeUndefined();
    expect(welchTest(momentsOf([1, 1]), momentsOf([2, 2]))).toBeUndefined();
  });

  it('is the same the other way round, with the sign changed', () => {
    const [there, back] = [welchTest(first, second), welchTest(second, first)];
    expect(back?.difference).toBeCloseTo(-(there?.difference ?? 0), 12);
    expect(back?.pValue).toBeCloseTo(there?.pValue ?? 0, 12);
  });
});

describe('proportionTest', () => {
  it('gives the difference of two shares and how likely it is by chance', () => {
    // 63 of 91 against 42 of 79: z = 2.150, p = 0.0316.
    const test = proportionTest({ successes: 63, trials: 91 }, { successes: 42, trials: 79 });
    expect(test?.pValue).toBeCloseTo(0.0316, 4);
    expect(test?.difference).toBeCloseTo(-0.16066, 4);
  });

  it('cannot tell from a handful', () => {
    expect(proportionTest({ successes: 9, trials: 10 }, { successes: 10, trials: 10 })).toBeUndefined();
    expect(proportionTest({ successes: 0, trials: 0 }, { successes: 0, trials: 0 })).toBeUndefined();
  });
});

describe('wilsonInterval', () => {
  it('is the published one of 81 of 263 (Newcombe 1998)', () => {
    const [low, high] = wilsonInterval({ successes: 81, trials: 263 });
    expect(low).toBeCloseTo(0.2553, 4);
    expect(high).toBeCloseTo(0.3662, 4);
  });

  it('is everything when nothing was tried', () => {
    expect(wilsonInterval({ successes: 0, trials: 0 })).toEqual([0, 1]);
  });
});

describe('chanceNotWorse', () => {
  it('rises with the evidence', () => {
    const good = { successes: 990, trials: 1000 };
    const few = chanceNotWorse(good, { successes: 20, trials: 20 }, 0.01);
    const many = chanceNotWorse(good, { successes: 1980, trials: 2000 }, 0.01);
    const bad = chanceNotWorse(good, { successes: 900, trials: 1000 }, 0.01);
    expect(many).toBeGreaterThan(few);
    expect(many).toBeGreaterThan(0.95);
    expect(bad).toBeLessThan(0.001);
  });
});

describe('quantile', () => {
  it('falls between values as spreadsheets do', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(median([5, 1, 3])).toBe(3);
    expect(quantile([], 0.5)).toBeNaN();
    expect(robustSpread([1, 1, 2, 2, 4, 6, 9])).toBeCloseTo(1.4826, 6);
  });

  it('of a tally is the smallest value that the share does not exceed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 }), (values) => {
        const tally = new Map<number, number>();
        for (const value of values) tally.set(value, (tally.get(value) ?? 0) + 1);
        const sorted = [...values].sort((left, right) => left - right);
        expect(tallyQuantile(tally, 0.95)).toBe(sorted[Math.ceil(0.95 * values.length) - 1]);
      }),
    );
  });
});
