import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from './random.ts';
import { createWeightedDraw } from './weighted-draw.ts';

describe('createWeightedDraw', () => {
  it('draws in proportion to the weights, also to tiny ones', () => {
    const draw = createWeightedDraw();
    for (const weight of [0.001, 0.002, 0, 0.007]) draw.set(draw.add(), weight);
    const random = seededRandom('proportion');
    const counts = [0, 0, 0, 0];
    for (let round = 0; round < 10_000; round += 1) {
      const place = draw.draw(random);
      counts[place] = (counts[place] ?? 0) + 1;
    }
    expect(counts[2]).toBe(0);
    expect((counts[0] as number) / 10_000).toBeCloseTo(0.1, 1);
    expect((counts[3] as number) / 10_000).toBeCloseTo(0.7, 1);
  });

  it('never draws what has no weight, whatever happened before', () => {
    const change = fc.record({ place: fc.nat(19), weight: fc.constantFrom(0, 1e-9, 0.3, 1, 1e9) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300 }), fc.string(), (changes, seed) => {
        const draw = createWeightedDraw();
        for (let place = 0; place < 20; place += 1) draw.add();
        const random = seededRandom(seed);
        const model = new Array<number>(20).fill(0);
        for (const { place, weight } of changes) {
          draw.set(place, weight);
          model[place] = weight;
          const live = model.filter((value) => value > 0).length;
          expect(draw.live).toBe(live);
          const drawn = draw.draw(random);
          if (live === 0) expect(drawn).toBe(-1);
          else expect(model[drawn]).toBeGreaterThan(0);
        }
      }),
    );
  });
});
