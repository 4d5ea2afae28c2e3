import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSampler } from './sample.ts';

const ids = Array.from(
  { length: 20_000 },
  (_, index) => `op_0198c2f0-7b6e-7000-8000-${index.toString(16).padStart(12, '0')}`,
);

describe('createSampler', () => {
  it.each([0.01, 0.1, 0.5])('takes a share of %d, of ids that differ little', (ratio) => {
    const taken = ids.filter(createSampler(ratio)).length / ids.length;
    expect(taken).toBeGreaterThan(ratio * 0.8);
    expect(taken).toBeLessThan(ratio * 1.2);
  });

  it('takes all at 1 and none at 0', () => {
    expect(ids.every(createSampler(1))).toBe(true);
    expect(ids.some(createSampler(0))).toBe(false);
  });

  it('takes at a larger share whatever it takes at a smaller one, everywhere alike', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.string(), share, share, (id, one, other) => {
        const [small, large] = one < other ? [one, other] : [other, one];
        return !createSampler(small)(id) || createSampler(large)(id);
      }),
    );
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses %d', (ratio) => {
    expect(() => createSampler(ratio)).toThrow(RangeError);
  });
});
