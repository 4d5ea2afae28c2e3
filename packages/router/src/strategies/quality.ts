import type { Strategy } from './strategy.ts';

/** The one with the best answers first, as the configuration or a published benchmark says. */
export const quality: Strategy = {
  name: 'quality',
  keys: 'load',
  score: ({ quality: own }, { best }) => (best === 0 ? 1 : own / best),
  reason: ({ quality: own, qualityFrom }) => `quality ${own} (${qualityFrom})`,
};
