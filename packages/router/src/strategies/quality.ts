import type { Strategy } from './strategy.ts';

/** The one with the best answers first, by the tier that the configuration gives it. */
export const quality: Strategy = {
  name: 'quality',
  keys: 'load',
  score: ({ quality: own }, { best }) => (best === 0 ? 1 : own / best),
  reason: ({ quality: own }) => `quality ${own}`,
};
