import { ConfigurationError } from '@genops/core';
import { cost } from './cost.ts';
import { fairness } from './fairness.ts';
import { latency } from './latency.ts';
import { quality } from './quality.ts';
import { reliability } from './reliability.ts';
import type { Strategy } from './strategy.ts';

/** What can be weighed against one another. */
export const objectives = { cost, latency, reliability, quality, fairness } as const;

export type Objective = keyof typeof objectives;
export type ObjectiveWeights = Readonly<Partial<Record<Objective, number>>>;

/**
 * Several objectives at once, each with a weight; the weights need not add up to anything.
 *
 * @throws {ConfigurationError} when no weight is above zero, or one is below
 */
export function weighted(weights: ObjectiveWeights, name = 'weighted'): Strategy {
  const parts = Object.entries(weights).map(([objective, weight]) => {
    const strategy = objectives[objective as Objective];
    if (strategy === undefined) throw new ConfigurationError('weights', `"${objective}" is no objective`);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new ConfigurationError(`weights.${objective}`, `expected a number from 0 up, got ${weight}`);
    }
    return { strategy, weight };
  });
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) throw new ConfigurationError('weights', 'expected one weight above 0');
  const heaviest = parts.reduce((best, part) => (part.weight > best.weight ? part : best));
  return {
    name,
    weights,
    keys: heaviest.strategy.keys,
    score: (candidate, field) =>
      parts.reduce((sum, { strategy, weight }) => sum + weight * strategy.score(candidate, field), 0) / total,
    reason: (candidate, field) => parts.map(({ strategy }) => strategy.reason(candidate, field)).join(', '),
  };
}

/** A bit of everything. */
export const balanced: Strategy = weighted(
  { cost: 0.4, latency: 0.25, reliability: 0.25, quality: 0.1 },
  'balanced',
);
