import { ConfigurationError } from '@genops/core';
import { cost } from './cost.ts';
import { failover } from './failover.ts';
import { fairness } from './fairness.ts';
import { latency } from './latency.ts';
import { quality } from './quality.ts';
import { reliability } from './reliability.ts';
import { balanced } from './weighted.ts';

/** The strategies that need no more than their name. */
export const strategies = { cost, balanced, latency, reliability, quality, fairness, failover } as const;

export type StrategyName = keyof typeof strategies;

/** Every other spelling that is understood, in lower case and with underscores. */
export const strategyAliases: Readonly<Record<string, StrategyName>> = {
  cost_optimized: 'cost',
  cost_optimised: 'cost',
  least_cost: 'cost',
  lowest_cost: 'cost',
  prefer_lowest_cost: 'cost',
  latency_optimized: 'latency',
  performance_optimized: 'latency',
  performance: 'latency',
  fastest: 'latency',
  speed: 'latency',
  reliability_first: 'reliability',
  reliability_optimized: 'reliability',
  prefer_high_reliability: 'reliability',
  quality_optimized: 'quality',
  round_robin: 'fairness',
  fallback: 'failover',
  order: 'failover',
  fallback_to_reliable: 'reliability',
  prefer_premium_tier: 'quality',
};

/** @throws {ConfigurationError} for a name that means nothing: a word must not switch routing off */
export function parseStrategyName(text: string): StrategyName {
  const name = text.trim().toLowerCase().replaceAll('-', '_');
  if (Object.hasOwn(strategies, name)) return name as StrategyName;
  const alias = Object.hasOwn(strategyAliases, name) ? strategyAliases[name] : undefined;
  if (alias !== undefined) return alias;
  const known = Object.keys(strategies).join(', ');
  throw new ConfigurationError('strategy', `expected one of ${known}, got "${text}"`);
}
