import { moneyToJson } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { effectOf, policyOf } from './policies.ts';
import type { RoutingPolicy } from './read-policy.ts';

const effect = (...policies: readonly RoutingPolicy[]) =>
  effectOf(
    policies.map((policy) => policyOf(policy).policy),
    { team: 'ads', model: 'gpt-4o-mini' },
  );
const rules = (given: RoutingPolicy['rules']) => effect({ id: 'p', rules: given });

describe('effectOf', () => {
  it.each<[string, RoutingPolicy['rules'], object]>([
    ['the cheapest', [{ action: 'prefer_lowest_cost' }], { strategy: 'cost' }],
    ['the most reliable', [{ action: 'Prefer_High_Reliability' }], { strategy: 'reliability' }],
    [
      'a region before others, and no third one',
      [{ action: 'prefer_region', preferred_regions: ['eu-central'], fallback_regions: ['eu-west'] }],
      {
        constraints: { regions: ['eu-central', 'eu-west'] },
        rules: { prefer: { regions: ['eu-central'] } },
      },
    ],
    [
      'a region before any other',
      { preferredRegions: ['eu'] },
      { constraints: {}, rules: { prefer: { regions: ['eu'] } } },
    ],
    [
      'the cheapest, and the reliable when that fails',
      [{ action: 'prefer_lowest_cost', fallback_to_reliable: true }],
      { strategy: 'cost', rules: { fallbackStrategy: 'reliability' } },
    ],
    [
      'the same as an action',
      [{ action: 'PREFER_LOWEST_COST' }, { action: 'fallback_to_reliable' }],
      { strategy: 'cost', rules: { fallbackStrategy: 'reliability' } },
    ],
    ['a success rate', { min_success_rate: 0.95 }, { constraints: { minSuccessRate: 0.95 } }],
    ['a success rate by its other name', { minReliability: 0.9 }, { constraints: { minSuccessRate: 0.9 } }],
    ['the premium tier', { prefer_premium_tier: true }, { rules: { prefer: { tiers: ['premium'] } } }],
    [
      'providers, as an object',
      { ALLOWED_PROVIDERS: ['a'], blocked_providers: ['b'] },
      { constraints: { allowedProviders: ['a'], blockedProviders: ['b'] } },
    ],
    [
      'keys that must not serve',
      { key_filters: { blocked_keys: ['k1'] } },
      { rules: { blockedKeys: ['k1'] } },
    ],
  ])('understands %s', (_, given, expected) => {
    expect(rules(given)).toMatchObject(expected);
  });

  it.each(['.10', '0.10', 0.1])('takes an amount as %s', (amount) => {
    const { maxCost } = rules([{ max_cost_per_request: amount }]).constraints;
    expect(maxCost && moneyToJson(maxCost)).toEqual({ amount: '0.1', currency: 'USD' });
  });

  it('applies what is for the team, the model, or everybody, the higher priority last', () => {
    const policies: readonly RoutingPolicy[] = [
      { id: 'all', rules: { min_success_rate: 0.5, allowed_providers: ['a'] }, priority: 1 },
      { id: 'ads', scope: 'Team', scope_value: 'ads', rules: { min_success_rate: 0.9 }, priority: 9 },
      { id: 'search', scope: 'team', scopeId: 'search', rules: { min_success_rate: 0.99 }, priority: 99 },
      { id: 'mini', scope: 'per_route', scopeId: 'gpt-4o-mini', rules: [{ action: 'prefer_lowest_cost' }] },
      { id: 'off', enabled: false, rules: { blocked_providers: ['a'] } },
    ];
    expect(effect(...policies)).toMatchObject({
      applied: ['mini', 'all', 'ads'],
      strategy: 'cost',
      constraints: { minSuccessRate: 0.9, allowedProviders: ['a'] },
    });
    expect(effect(...policies).constraints.blockedProviders).toBeUndefined();
  });
});

describe('policyOf', () => {
  it.each([
    ['Cost', 'cost_control'],
    ['PolicyType.Cost', 'cost_control'],
    ['cost_control', 'cost_control'],
    ['ROUTING', 'routing'],
    ['keySelection', 'key_selection'],
    ['failure-handling', 'failure_handling'],
  ])('takes the type %s for %s', (type, read) => {
    expect(policyOf({ id: 'p', type, rules: {} }).policy.type).toBe(read);
  });

  it('makes a limit of a budget: enforced, or one that only alerts', () => {
    const budget = [{ action: 'enforce_budget', budget_limit: 1000, budget_window: 'Monthly' }];
    expect(
      policyOf({ id: 'b', type: 'Cost', scope: 'PolicyScope.Team', scope_value: 'ads', rules: budget }).limit,
    ).toEqual({
      id: 'b',
      unit: 'money',
      amount: '1000',
      window: { kind: 'calendar', period: 'month' },
      scope: { match: { team: ['ads'] } },
      mode: 'enforced',
    });
    const alert = { budget_limit: '5', budget_window: 'daily', budget_action: 'alert', alert_threshold: 0.8 };
    expect(policyOf({ id: 'b', scope: 'per_provider', scopeId: 'openai', rules: alert }).limit).toMatchObject(
      {
        window: { period: 'day' },
        scope: { match: { provider: ['openai'] } },
        mode: 'advisory',
        thresholds: [0.8],
      },
    );
  });

  it.each<[string, object, string]>([
    ['an action', { rules: [{ action: 'be_nice' }] }, '"be_nice" is no action'],
    ['a rule', { rules: { max_costs: 1 } }, '"maxcosts" is no rule'],
    ['a field', { rules: {}, scop: 'team' }, '"scop" is no field'],
    ['a type', { rules: {}, type: 'strict' }, 'policy "p".type: expected one of routing'],
    ['a scope', { rules: {}, scope: 'galaxy' }, 'policy "p".scope: expected one of global'],
    [
      'a filter of keys',
      { rules: { key_filters: { allowed_states: ['available'] } } },
      '"allowedstates" is no filter',
    ],
    ['a scope without its id', { rules: {}, scope: 'team' }, 'policy "p".scopeId: expected the team'],
    ['an amount', { rules: { max_cost: '1e3' } }, 'expected a plain decimal'],
    ['a share', { rules: { min_success_rate: 95 } }, 'expected a number from 0 to 1'],
    [
      'a window',
      { rules: { budget_limit: 1, budget_window: 'weekly' } },
      'expected one of hourly, daily, monthly',
    ],
    ['rules that are none', { rules: 'cheap' }, 'policy "p".rules: expected an object'],
    ['no rules at all', {}, 'policy "p".rules: expected an object'],
    ['the same rule in two spellings', { rules: { max_cost: '1', maxCost: '2' } }, 'stands there twice'],
    ['a budget without an amount', { rules: { budget_window: 'daily' } }, 'expected a budgetLimit'],
    [
      'an action without what it needs',
      { rules: [{ action: 'enforce_budget' }] },
      '"enforce_budget" needs budgetLimit',
    ],
    [
      'a region that is not named',
      { rules: [{ action: 'prefer_region' }] },
      '"prefer_region" needs preferredRegions',
    ],
    [
      'a choice that is said of one provider',
      { scope: 'per_provider', scopeId: 'a', rules: [{ action: 'prefer_lowest_cost' }] },
      'can only have a budget',
    ],
    [
      'a budget of one key',
      { scope: 'per_key', scopeId: 'k', rules: { budget_limit: 1 } },
      'cannot be of one key',
    ],
  ])('refuses %s', (_, given, message) => {
    expect(() => policyOf({ id: 'p', ...given } as RoutingPolicy)).toThrow(message);
  });
});
