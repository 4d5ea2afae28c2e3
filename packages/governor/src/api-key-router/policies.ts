import { ConfigurationError, type Limit, type LimitWindow, money } from '@genops/core';
import type { Constraints, Preferences, RouteRules, StrategyName } from '@genops/router';
import { type ReadPolicy, type ReadRules, type RoutingPolicy, readPolicy } from './read-policy.ts';

/** What the policies in force come to for one request. */
export interface PolicyEffect {
  readonly constraints: Constraints;
  readonly rules: RouteRules;
  readonly strategy?: StrategyName;
  readonly applied: readonly string[];
}

/** Higher priorities come last, so that they win. */
export function effectOf(
  policies: Iterable<ReadPolicy>,
  call: { readonly team?: string; readonly model: string },
): PolicyEffect {
  const inForce = [...policies]
    .filter((policy) => isFor(policy, call))
    .sort((left, right) => left.priority - right.priority);
  let rules: ReadRules = {};
  let strategy: StrategyName | undefined;
  for (const policy of inForce) {
    rules = { ...rules, ...policy.rules };
    strategy = policy.strategy ?? strategy;
  }
  return {
    constraints: constraintsOf(rules),
    rules: routeRulesOf(rules),
    applied: inForce.map(({ id }) => id),
    ...(strategy !== undefined && { strategy }),
  };
}

function isFor(
  { enabled, scope, scopeId }: ReadPolicy,
  { team, model }: { readonly team?: string; readonly model: string },
): boolean {
  if (!enabled) return false;
  if (scope === 'team') return scopeId === team;
  return scope === 'global' || (scope === 'per_route' && scopeId === model);
}

function constraintsOf(rules: ReadRules): Constraints {
  const { maxCost, minSuccessRate, allowedProviders, blockedProviders } = rules;
  const { preferredRegions = [], fallbackRegions } = rules;
  return {
    ...(maxCost !== undefined && { maxCost: money(maxCost) }),
    ...(minSuccessRate !== undefined && { minSuccessRate }),
    ...(allowedProviders !== undefined && { allowedProviders }),
    ...(blockedProviders !== undefined && { blockedProviders }),
    ...(fallbackRegions !== undefined && { regions: [...preferredRegions, ...fallbackRegions] }),
  };
}

function routeRulesOf({
  preferredRegions: regions,
  preferPremiumTier,
  fallbackToReliable,
  blockedKeys,
}: ReadRules): RouteRules {
  const prefer: Preferences = {
    ...(regions !== undefined && { regions }),
    ...(preferPremiumTier === true && { tiers: ['premium'] }),
  };
  return {
    ...(Object.keys(prefer).length > 0 && { prefer }),
    ...(fallbackToReliable === true && { fallbackStrategy: 'reliability' }),
    ...(blockedKeys !== undefined && { blockedKeys }),
  };
}

const dimensionOf = { team: 'team', per_provider: 'provider', per_route: 'model' } as const;

/**
 * Reads a policy, and makes the limit that enforces its budget.
 *
 * @throws {ConfigurationError} for what means nothing, and for what cannot be said of one provider or key alone
 */
export function policyOf(given: RoutingPolicy): { readonly policy: ReadPolicy; readonly limit?: Limit } {
  const policy = readPolicy(given);
  const { id, scope, rules, strategy } = policy;
  const { budgetLimit, budgetWindow, budgetAction, alertThreshold, ...others } = rules;
  const isNarrow = scope === 'per_provider' || scope === 'per_key';
  if (isNarrow && (strategy !== undefined || Object.keys(others).length > 0)) {
    throw new ConfigurationError(
      `policy "${id}"`,
      `${scope} can only have a budget: what else it says is about choosing between providers and keys`,
    );
  }
  if (budgetLimit === undefined) {
    const alone = budgetWindow ?? budgetAction ?? alertThreshold;
    if (alone !== undefined) throw new ConfigurationError(`policy "${id}"`, 'expected a budgetLimit');
    return { policy };
  }
  return { policy, limit: limitOf(policy, budgetLimit) };
}

function limitOf({ id, scope, scopeId, rules }: ReadPolicy, amount: string): Limit {
  if (scope === 'per_key') throw new ConfigurationError(`policy "${id}"`, 'a budget cannot be of one key');
  const { budgetWindow: period = 'month', budgetAction = 'prevent', alertThreshold } = rules;
  const window: LimitWindow = { kind: 'calendar', period };
  const match = scope === 'global' ? {} : { match: { [dimensionOf[scope]]: [scopeId as string] } };
  return {
    id,
    unit: 'money',
    amount,
    window,
    scope: match,
    mode: budgetAction === 'prevent' ? 'enforced' : 'advisory',
    ...(alertThreshold !== undefined && { thresholds: [alertThreshold] }),
  };
}
