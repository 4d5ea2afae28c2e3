/** Count, mean and variance of numbers that are seen once and not kept (Welford's method). */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Of the sample: divided by one less than the count; 0 below two numbers. */
  readonly variance: number;
}

export interface MomentsBuilder {
  add(value: number): void;
  moments(): Moments;
}

export function createMoments(): MomentsBuilder {
  let count = 0;
  let mean = 0;
  let squares = 0;
  return {
    add(value) {
      count += 1;
      const distance = value - mean;
      mean += distance / count;
      squares += distance * (value - mean);
    },
    moments: () => ({ count, mean, variance: count < 2 ? 0 : squares / (count - 1) }),
  };
}

export function momentsOf(values: Iterable<number>): Moments {
  const builder = createMoments();
  for (const value of values) builder.add(value);
  return builder.moments();
}
