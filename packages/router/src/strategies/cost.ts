import type { Strategy } from './strategy.ts';

/** The cheapest first. A score is the cheapest cost divided by one's own; a place without a price has none. */
export const cost: Strategy = {
  name: 'cost',
  keys: 'load',
  score({ cost: own }, { cheapest }) {
    if (own === undefined || cheapest === undefined) return 0;
    return own === cheapest ? 1 : cheapest / own;
  },
  reason: ({ cost: own }) => (own === undefined ? 'no known price' : `costs ${own.toPrecision(3)}`),
};
