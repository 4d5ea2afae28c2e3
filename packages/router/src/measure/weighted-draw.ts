import type { Random } from './random.ts';

/**
 * Items drawn at random in proportion to their weights. Setting a weight and drawing both take a number of
 * steps that grows with the logarithm of the number of items (a Fenwick tree over the weights).
 */
export interface WeightedDraw {
  /** A new item, without weight. @returns its place, for `set` */
  add(): number;
  /** Zero takes an item out of the draw. */
  set(place: number, weight: number): void;
  weightOf(place: number): number;
  /** Items with a weight. */
  readonly live: number;
  /** @returns a place, or -1 when nothing has a weight */
  draw(random: Random): number;
}

/** Sums of floats drift; they are added up anew after this many changes for each item. */
const changesBeforeRebuild = 64;

export function createWeightedDraw(): WeightedDraw {
  const weights: number[] = [];
  let sums = new Float64Array(2);
  let capacity = 1;
  let live = 0;
  let changes = 0;

  const rebuild = (): void => {
    while (capacity < weights.length) capacity *= 2;
    sums = new Float64Array(capacity + 1);
    for (let place = 1; place <= capacity; place += 1) {
      const own = (sums[place] ?? 0) + (weights[place - 1] ?? 0);
      sums[place] = own;
      const parent = place + (place & -place);
      if (parent <= capacity) sums[parent] = (sums[parent] ?? 0) + own;
    }
    changes = 0;
  };

  const descend = (point: number): number => {
    let place = 0;
    let rest = point;
    for (let step = capacity; step > 0; step >>= 1) {
      const next = place + step;
      const sum = next <= capacity ? (sums[next] as number) : Number.POSITIVE_INFINITY;
      if (sum <= rest) {
        place = next;
        rest -= sum;
      }
    }
    return place;
  };

  return {
    add() {
      weights.push(0);
      if (weights.length > capacity) rebuild();
      return weights.length - 1;
    },
    set(place, weight) {
      const before = weights[place] as number;
      if (before === weight) return;
      weights[place] = weight;
      if (before === 0) live += 1;
      if (weight === 0) live -= 1;
      changes += 1;
      if (changes > changesBeforeRebuild * weights.length) return rebuild();
      for (let node = place + 1; node <= capacity; node += node & -node) {
        sums[node] = (sums[node] as number) + weight - before;
      }
    },
    weightOf: (place) => weights[place] ?? 0,
    get live() {
      return live;
    },
    draw(random) {
      if (live === 0) return -1;
      const place = descend(random() * (sums[capacity] as number));
      if ((weights[place] ?? 0) > 0) return place;
      // The point fell into what rounding left behind.
      rebuild();
      const exact = descend(random() * (sums[capacity] as number));
      return (weights[exact] ?? 0) > 0 ? exact : weights.findIndex((weight) => weight > 0);
    },
  };
}
