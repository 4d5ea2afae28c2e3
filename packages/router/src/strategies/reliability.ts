import type { Strategy } from './strategy.ts';

/** The one that answers most surely first: measured success, and what is left of its quotas. */
export const reliability: Strategy = {
  name: 'reliability',
  keys: 'success',
  score: ({ measured, headroom }) => 0.9 * measured.successRate + 0.1 * headroom,
  reason: ({ measured, headroom }) =>
    `success rate ${measured.successRate.toFixed(3)}, ${Math.round(headroom * 100)} % of its quota left`,
};
