import { describe, expect, it } from 'vitest';
import { createHoldBatches } from './hold-batches.ts';

describe('createHoldBatches', () => {
  it('lets go of a batch when the last of its holds has ended', () => {
    const batches = createHoldBatches([]);
    const first = batches.add(['a', 'b']);
    const second = batches.add(['c']);
    batches.end('a');
    expect(batches.takeOver()).toEqual([]);
    batches.end('c');
    batches.end('b');
    expect(batches.takeOver()).toEqual([second, first]);
    expect(batches.takeOver()).toEqual([]);
  });

  it('goes on with what is stored, and lets go of batches that had ended', () => {
    const batches = createHoldBatches([
      { number: 7, ids: [] },
      { number: 9, ids: ['a'] },
    ]);
    expect(batches.takeOver()).toEqual([7]);
    expect(batches.add(['b'])).toBe(10);
    batches.end('a');
    expect(batches.takeOver()).toEqual([9]);
  });

  it('does not count what it does not know, or twice', () => {
    const batches = createHoldBatches([{ number: 1, ids: ['a', 'b'] }]);
    batches.end('a');
    batches.end('a');
    batches.end('x');
    expect(batches.takeOver()).toEqual([]);
  });
});
