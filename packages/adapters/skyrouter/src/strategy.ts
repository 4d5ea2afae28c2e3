import {
  ConfigurationError,
  describe,
  type LimitMode,
  type RankedModel,
  type RankObjective,
} from '@genops/core';

/** The strategies by their names at SkyRouter. */
export type RoutingStrategy =
  | 'cost_optimized'
  | 'balanced'
  | 'latency_optimized'
  | 'reliability_first'
  /** The order that one's own {@link CustomOrder} gives. */
  | 'custom';

/** Puts candidates in the order in which they are tried; those left out are not. */
export type CustomOrder = (ranked: readonly RankedModel[]) => readonly RankedModel[];

const objectives: Readonly<Record<Exclude<RoutingStrategy, 'custom'>, RankObjective>> = {
  cost_optimized: 'cost',
  balanced: 'balanced',
  latency_optimized: 'latency',
  reliability_first: 'reliability',
};

/** @throws {ConfigurationError} for a strategy that nobody knows: it would silently do something else */
export function objectiveOf(strategy: RoutingStrategy): RankObjective {
  if (strategy === 'custom') return 'order';
  const objective = Object.hasOwn(objectives, strategy) ? objectives[strategy] : undefined;
  if (objective !== undefined) return objective;
  const known = [...Object.keys(objectives), 'custom'].join(', ');
  throw new ConfigurationError('routingStrategy', `expected one of ${known}, got ${describe(strategy)}`);
}

/** How budgets bind. `strict` is at least `enforced`. */
export type GovernancePolicy = 'advisory' | 'enforced' | 'strict';

/** @throws {ConfigurationError} for a word that nobody knows: it must not switch enforcement off */
export function limitModeOf(policy: GovernancePolicy): LimitMode {
  switch (policy) {
    case 'advisory':
      return 'advisory';
    case 'enforced':
    case 'strict':
      return 'enforced';
    default:
      throw new ConfigurationError(
        'governancePolicy',
        `expected advisory, enforced or strict, got ${describe(policy)}`,
      );
  }
}
