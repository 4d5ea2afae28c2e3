import type { Strategy } from './strategy.ts';

/** The one that was used least first, so that all take turns. */
export const fairness: Strategy = {
  name: 'fairness',
  keys: 'use',
  score: ({ measured }, { uses }) => 1 - measured.uses / Math.max(1, uses + 1),
  reason: ({ measured }) => `used ${measured.uses} times`,
};
