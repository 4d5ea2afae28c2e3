import { describe, expect, it } from 'vitest';
import { createPeakEwma } from './peak-ewma.ts';
import { seededRandom } from './random.ts';
import { createSuccessRate } from './success-rate.ts';

describe('createPeakEwma', () => {
  it('believes its prior until it has seen something', () => {
    expect(createPeakEwma({ prior: 500 }).read(0)).toBe(500);
  });

  it('jumps to a peak at once and comes down slowly', () => {
    const ewma = createPeakEwma({ prior: 100 });
    ewma.observe(100, 0);
    ewma.observe(9_000, 10);
    expect(ewma.read(10)).toBe(9_000);
    ewma.observe(100, 1_010);
    expect(ewma.read(1_010)).toBeGreaterThan(8_000);
    ewma.observe(100, 61_010);
    expect(ewma.read(61_010)).toBeLessThan(200);
  });

  it('returns to its prior without news', () => {
    const ewma = createPeakEwma({ prior: 100 });
    ewma.observe(9_000, 0);
    expect(ewma.read(300_000)).toBeLessThan(9_000);
    expect(ewma.read(3_000_000)).toBeCloseTo(100, 0);
  });
});

describe('createSuccessRate', () => {
  it('moves from its prior to what it sees, and back when that is long ago', () => {
    const rate = createSuccessRate({ prior: 0.95, priorWeight: 10, halfLifeMs: 1_000 });
    expect(rate.read(0)).toBe(0.95);
    for (let outcome = 0; outcome < 100; outcome += 1) rate.observe(false, 0);
    expect(rate.read(0)).toBeCloseTo(9.5 / 110, 6);
    expect(rate.read(60_000)).toBeCloseTo(0.95, 2);
  });
});

describe('seededRandom', () => {
  it('gives the same numbers for the same seed and others for another', () => {
    const numbers = (seed: string) => Array.from({ length: 5 }, seededRandom(seed));
    expect(numbers('a')).toEqual(numbers('a'));
    expect(numbers('a')).not.toEqual(numbers('b'));
    for (const number of numbers('c')) expect(number >= 0 && number < 1).toBe(true);
  });
});
