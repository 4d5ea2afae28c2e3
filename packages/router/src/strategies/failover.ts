import type { Strategy } from './strategy.ts';

/** In the order in which they were configured; a later one serves when those before it cannot. */
export const failover: Strategy = {
  name: 'failover',
  keys: 'load',
  score: ({ position }) => 1 / (1 + position),
  reason: ({ position }) => `number ${position + 1} in the configured order`,
};
