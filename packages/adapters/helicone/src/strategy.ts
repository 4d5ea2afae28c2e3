import { ConfigurationError, type RankedModel, type RankObjective } from '@genops/core';

/** The strategies by their names in Helicone's guide. */
export type BuiltInStrategy =
  | 'cost_optimized'
  | 'performance_optimized'
  | 'failover'
  | 'quality_optimized'
  | 'round_robin'
  | 'balanced';

/**
 * One's own strategy.
 *
 * @returns the providers to try, in this order; those left out are not tried
 */
export type RoutingFunction = (
  providers: readonly string[],
  message: string,
  context: { readonly ranked: readonly RankedModel[] },
) => string | readonly string[];

const objectives: Readonly<Record<Exclude<BuiltInStrategy, 'quality_optimized'>, RankObjective>> = {
  cost_optimized: 'cost',
  performance_optimized: 'latency',
  failover: 'order',
  round_robin: 'round_robin',
  balanced: 'balanced',
};

/** Strategies by name: those that are built in and those that were registered. */
export interface Strategies {
  register(name: string, strategy: RoutingFunction): void;
  /** @throws {ConfigurationError} for a name that is neither built in nor registered */
  check(name: string): void;
  /**
   * Orders providers.
   *
   * @throws {ConfigurationError} for a name that nobody registered, or quality that nobody scored
   */
  order(question: OrderQuestion): readonly string[];
}

export interface OrderQuestion {
  readonly strategy: string;
  readonly providers: readonly string[];
  readonly message: string;
  /** By provider, between 0 and 1, as whoever judged the answers found. */
  readonly quality: Readonly<Record<string, number | undefined>>;
  rank(objective: RankObjective): readonly RankedModel[];
  /** The provider of a candidate, in the caller's words. */
  providerOf(model: RankedModel): string;
}

export function createStrategies(): Strategies {
  const registered = new Map<string, RoutingFunction>();
  const check = (name: string): void => {
    const known = [...Object.keys(objectives), 'quality_optimized', ...registered.keys()];
    if (!known.includes(name))
      throw new ConfigurationError('routingStrategy', `expected one of ${known.join(', ')}, got "${name}"`);
  };
  return {
    check,
    register: (name, strategy) => {
      if (name in objectives || name === 'quality_optimized') {
        throw new ConfigurationError('registerRoutingStrategy', `"${name}" is built in; choose another name`);
      }
      registered.set(name, strategy);
    },
    order: (question) => {
      const { strategy, providers, quality, rank, providerOf } = question;
      if (strategy === 'quality_optimized') return byQuality(providers, quality);
      const objective = Object.hasOwn(objectives, strategy)
        ? objectives[strategy as keyof typeof objectives]
        : undefined;
      if (objective !== undefined) return rank(objective).map(providerOf);
      check(strategy);
      const own = registered.get(strategy) as RoutingFunction;
      return fromFunction(own(providers, question.message, { ranked: rank('order') }), strategy, providers);
    },
  };
}

/** Nobody can tell quality from a price or a length: it has to be scored by whoever judges the answers. */
function byQuality(
  providers: readonly string[],
  quality: Readonly<Record<string, number | undefined>>,
): readonly string[] {
  const unscored = providers.find((provider) => quality[provider] === undefined);
  if (unscored !== undefined) {
    throw new ConfigurationError(
      `routes.${unscored}.quality`,
      'expected a score between 0 and 1, for quality_optimized',
    );
  }
  return providers.toSorted((left, right) => (quality[right] ?? 0) - (quality[left] ?? 0));
}

function fromFunction(
  chosen: string | readonly string[],
  strategy: string,
  providers: readonly string[],
): readonly string[] {
  const order = typeof chosen === 'string' ? [chosen] : chosen;
  const unknown = order.find((provider) => !providers.includes(provider));
  if (order.length > 0 && unknown === undefined) return order;
  throw new ConfigurationError(
    `strategy "${strategy}"`,
    `expected some of ${providers.join(', ')}, got ${unknown ?? 'none'}`,
  );
}

/**
 * Draws the first provider by weight; the others follow, heaviest first.
 *
 * @param random - from 0 up to but not including 1
 */
export function drawByWeight(weights: Readonly<Record<string, number>>, random: number): readonly string[] {
  const heaviestFirst = Object.entries(weights).toSorted(([, left], [, right]) => right - left);
  const total = heaviestFirst.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random * total;
  const drawn = heaviestFirst.find(([, weight]) => {
    left -= weight;
    return left < 0;
  })?.[0];
  const names = heaviestFirst.map(([name]) => name);
  return drawn === undefined ? names : [drawn, ...names.filter((name) => name !== drawn)];
}
