import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLabelMaker } from './cardinality.ts';

const labels = [
  ['team', 'team'],
  ['outcome', 'outcome'],
] as const;

describe('createLabelMaker', () => {
  it('makes `other` of what can have any number of values, from the most series on, and counts it', () => {
    let overflowed = 0;
    const make = createLabelMaker(labels, 2, () => {
      overflowed += 1;
    });
    expect(make({ team: 'a', outcome: 'completed' })).toEqual({ team: 'a', outcome: 'completed' });
    expect(make({ team: 'b', outcome: 'completed' })).toEqual({ team: 'b', outcome: 'completed' });
    expect(make({ team: 'c', outcome: 'failed' })).toEqual({ team: 'other', outcome: 'failed' });
    expect(make({ team: 'a', outcome: 'completed' })).toEqual({ team: 'a', outcome: 'completed' });
    expect(overflowed).toBe(1);
  });

  it('gives one and the same object for the same labels, those of overflow too', () => {
    const make = createLabelMaker(labels, 1, () => {});
    expect(make({ team: 'a' })).toBe(make({ team: 'a' }));
    expect(make({ team: 'b' })).toBe(make({ team: 'c' }));
    expect(make({ team: 'b' })).not.toBe(make({ team: 'b', outcome: 'failed' }));
  });

  it('has an absent label for an absent fact, not an empty one', () => {
    expect(createLabelMaker(labels, 2, () => {})({ outcome: 'completed' })).toEqual({ outcome: 'completed' });
  });

  it('never makes more series than it may, besides those of `other`', () => {
    const outcomes = ['completed', 'failed', 'cancelled'];
    const fact = fc.record({ team: fc.string(), outcome: fc.constantFrom(...outcomes) });
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 60 }), fc.integer({ min: 0, max: 10 }), (all, most) => {
        const make = createLabelMaker(labels, most, () => {});
        const series = new Set(all.map((one) => JSON.stringify(make(one))));
        expect(series.size).toBeLessThanOrEqual(most + outcomes.length);
      }),
    );
  });
});
