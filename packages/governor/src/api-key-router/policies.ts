import { ConfigurationError, type Limit, type LimitWindow, money } from '@genops/core';
import { type Constraints, parseStrategyName, type StrategyName } from '@genops/router';

/** A policy in the words of ApiKeyRouter: rules as an object, or as a list of actions. */
export interface RoutingPolicy {
  readonly id: string;
  readonly name?: string;
  readonly type?: 'routing' | 'cost_control' | 'cost' | 'key_selection' | 'failure_handling';
  /** @default 'global' */
  readonly scope?: 'global' | 'team' | 'per_provider' | 'per_key' | 'per_route';
  /** The team, provider or model that the scope means. */
  readonly scopeId?: string;
  readonly rules: PolicyRules | readonly ({ readonly action?: string } & PolicyRules)[];
  /** Of two policies that say the same thing, the higher one counts. @default 0 */
  readonly priority?: number;
  /** @default true */
  readonly enabled?: boolean;
}

/** Amounts of money are exact decimal text in US dollars. */
export interface PolicyRules {
  readonly maxCost?: string;
  readonly maxCostPerRequest?: string;
  readonly minReliability?: number;
  readonly minSuccessRate?: number;
  readonly allowedProviders?: readonly string[];
  readonly blockedProviders?: readonly string[];
  readonly preferredRegions?: readonly string[];
  readonly budgetLimit?: string;
  /** @default 'monthly' */
  readonly budgetWindow?: 'hourly' | 'daily' | 'monthly';
}

/** What the policies in force come to for one request. */
export interface PolicyEffect {
  readonly constraints: Constraints;
  readonly strategy?: StrategyName;
  readonly applied: readonly string[];
}

const strategyOf: Readonly<Record<string, string>> = {
  prefer_lowest_cost: 'cost',
  prefer_high_reliability: 'reliability',
  prefer_region: '',
  enforce_budget: '',
};

/** @throws {ConfigurationError} for an action that means nothing: a word must not switch a policy off */
export function readPolicy(policy: RoutingPolicy): {
  readonly rules: PolicyRules;
  readonly strategy?: StrategyName;
} {
  const list = Array.isArray(policy.rules) ? policy.rules : [policy.rules];
  let rules: PolicyRules = {};
  let strategy: StrategyName | undefined;
  for (const { action, ...rule } of list as readonly ({ action?: string } & PolicyRules)[]) {
    rules = { ...rules, ...rule };
    if (action === undefined) continue;
    const meant = Object.hasOwn(strategyOf, action) ? strategyOf[action] : undefined;
    if (meant === undefined)
      throw new ConfigurationError(`policy "${policy.id}"`, `"${action}" is no action`);
    if (meant !== '') strategy = parseStrategyName(meant);
  }
  return { rules, ...(strategy !== undefined && { strategy }) };
}

/** Higher priorities come last, so that they win. */
export function effectOf(policies: Iterable<RoutingPolicy>, team: string | undefined): PolicyEffect {
  let constraints: Constraints = {};
  let strategy: StrategyName | undefined;
  const applied: string[] = [];
  const inForce = [...policies]
    .filter(
      ({ enabled = true, scope = 'global', scopeId }) =>
        enabled && (scope === 'global' || (scope === 'team' && scopeId === team)),
    )
    .sort((left, right) => (left.priority ?? 0) - (right.priority ?? 0));
  for (const policy of inForce) {
    const read = readPolicy(policy);
    constraints = { ...constraints, ...constraintsOf(read.rules) };
    strategy = read.strategy ?? strategy;
    applied.push(policy.id);
  }
  return { constraints, applied, ...(strategy !== undefined && { strategy }) };
}

function constraintsOf(rules: PolicyRules): Constraints {
  const maxCost = rules.maxCostPerRequest ?? rules.maxCost;
  const minSuccessRate = rules.minSuccessRate ?? rules.minReliability;
  return {
    ...(maxCost !== undefined && { maxCost: money(maxCost) }),
    ...(minSuccessRate !== undefined && { minSuccessRate }),
    ...(rules.allowedProviders !== undefined && { allowedProviders: rules.allowedProviders }),
    ...(rules.blockedProviders !== undefined && { blockedProviders: rules.blockedProviders }),
    ...(rules.preferredRegions !== undefined && { regions: rules.preferredRegions }),
  };
}

const dimensionOf = { team: 'team', per_provider: 'provider', per_route: 'model' } as const;
const periodOf = { hourly: 'hour', daily: 'day', monthly: 'month' } as const;

/** The budget of a policy, as the limit that enforces it. */
export function limitOf(policy: RoutingPolicy): Limit | undefined {
  const { budgetLimit, budgetWindow = 'monthly' } = readPolicy(policy).rules;
  if (budgetLimit === undefined) return undefined;
  const { scope = 'global', scopeId } = policy;
  if (scope === 'per_key')
    throw new ConfigurationError(`policy "${policy.id}"`, 'a budget cannot be of one key');
  const window: LimitWindow = { kind: 'calendar', period: periodOf[budgetWindow] };
  const match =
    scope === 'global' || scopeId === undefined ? {} : { match: { [dimensionOf[scope]]: [scopeId] } };
  return { id: policy.id, unit: 'money', amount: budgetLimit, window, scope: match, mode: 'enforced' };
}
