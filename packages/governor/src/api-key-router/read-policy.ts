import { ConfigurationError } from '@genops/core';
import { parseStrategyName, type StrategyName } from '@genops/router';

/** What a policy is about. `cost` is another word for `cost_control`. */
export type PolicyType = 'routing' | 'cost_control' | 'key_selection' | 'failure_handling';

export type PolicyScope = 'global' | 'team' | 'per_provider' | 'per_key' | 'per_route';

/** A policy in the words of ApiKeyRouter. Names of fields and words count in any case, `camelCase` or `snake_case`. */
export interface RoutingPolicy {
  readonly id: string;
  readonly name?: string;
  /** @default 'routing' */
  readonly type?: PolicyType | 'cost' | (string & {});
  /** @default 'global' */
  readonly scope?: PolicyScope | (string & {});
  /** The team, provider or model that the scope means; `scope_value` in the older spelling. */
  readonly scopeId?: string;
  /** As an object, or as a list of actions with what belongs to them. */
  readonly rules: PolicyRules | readonly PolicyRules[];
  /** Of two policies that say the same thing, the higher one counts. @default 0 */
  readonly priority?: number;
  /** @default true */
  readonly enabled?: boolean;
  readonly [other: string]: unknown;
}

/** Amounts of money are exact decimal text in US dollars. */
export interface PolicyRules {
  readonly action?: string;
  readonly maxCost?: string;
  readonly maxCostPerRequest?: string;
  readonly minReliability?: number;
  readonly minSuccessRate?: number;
  readonly allowedProviders?: readonly string[];
  readonly blockedProviders?: readonly string[];
  /** Go first. With `fallbackRegions` nothing else may serve but these two. */
  readonly preferredRegions?: readonly string[];
  readonly fallbackRegions?: readonly string[];
  readonly preferPremiumTier?: boolean;
  /** The most reliable goes on when the first one fails. */
  readonly fallbackToReliable?: boolean;
  readonly budgetLimit?: string;
  /** @default 'monthly' */
  readonly budgetWindow?: 'hourly' | 'daily' | 'monthly';
  /** `alert` only warns. @default 'prevent' */
  readonly budgetAction?: 'prevent' | 'alert';
  /** Share of the budget at which listeners are told. */
  readonly alertThreshold?: number;
  readonly keyFilters?: { readonly blockedKeys?: readonly string[] };
  readonly [other: string]: unknown;
}

/** A policy that was read: every word in it means something. */
export interface ReadPolicy {
  readonly id: string;
  readonly type: PolicyType;
  readonly scope: PolicyScope;
  readonly scopeId?: string;
  readonly priority: number;
  readonly enabled: boolean;
  readonly strategy?: StrategyName;
  readonly rules: ReadRules;
}

/** The same rules, each word of them in one spelling. */
export interface ReadRules
  extends Pick<
    PolicyRules,
    | 'maxCost'
    | 'minSuccessRate'
    | 'allowedProviders'
    | 'blockedProviders'
    | 'preferredRegions'
    | 'fallbackRegions'
    | 'preferPremiumTier'
    | 'fallbackToReliable'
    | 'budgetLimit'
    | 'budgetAction'
    | 'alertThreshold'
  > {
  readonly budgetWindow?: 'hour' | 'day' | 'month';
  readonly blockedKeys?: readonly string[];
}

const types: Readonly<Record<string, PolicyType>> = {
  routing: 'routing',
  cost: 'cost_control',
  costcontrol: 'cost_control',
  keyselection: 'key_selection',
  failurehandling: 'failure_handling',
};
const scopes: Readonly<Record<string, PolicyScope>> = {
  global: 'global',
  team: 'team',
  perteam: 'team',
  perprovider: 'per_provider',
  provider: 'per_provider',
  perkey: 'per_key',
  key: 'per_key',
  perroute: 'per_route',
  route: 'per_route',
};
const windows = { hourly: 'hour', daily: 'day', monthly: 'month' } as const;
const budgetActions = { prevent: 'prevent', alert: 'alert' } as const;

/** What an action stands for: a strategy, or a rule that it switches on. */
const actions: Readonly<Record<string, StrategyName | keyof ReadRules | undefined>> = {
  preferlowestcost: 'cost',
  preferhighreliability: 'reliability',
  preferregion: 'preferredRegions',
  enforcebudget: 'budgetLimit',
  fallbacktoreliable: 'fallbackToReliable',
  preferpremiumtier: 'preferPremiumTier',
};

type Reader = (value: unknown, path: string) => Partial<ReadRules>;

/** Every rule by its name without underscores. Two names may mean the same. */
const readers: Readonly<Record<string, Reader>> = {
  maxcost: (value, path) => ({ maxCost: amount(value, path) }),
  maxcostperrequest: (value, path) => ({ maxCost: amount(value, path) }),
  minreliability: (value, path) => ({ minSuccessRate: share(value, path) }),
  minsuccessrate: (value, path) => ({ minSuccessRate: share(value, path) }),
  allowedproviders: (value, path) => ({ allowedProviders: list(value, path) }),
  blockedproviders: (value, path) => ({ blockedProviders: list(value, path) }),
  preferredregions: (value, path) => ({ preferredRegions: list(value, path) }),
  fallbackregions: (value, path) => ({ fallbackRegions: list(value, path) }),
  preferpremiumtier: (value, path) => ({ preferPremiumTier: flag(value, path) }),
  fallbacktoreliable: (value, path) => ({ fallbackToReliable: flag(value, path) }),
  budgetlimit: (value, path) => ({ budgetLimit: amount(value, path) }),
  budgetwindow: (value, path) => ({ budgetWindow: wordOf(windows, value, path) }),
  budgetaction: (value, path) => ({ budgetAction: wordOf(budgetActions, value, path) }),
  alertthreshold: (value, path) => ({ alertThreshold: share(value, path) }),
  keyfilters: (value, path) => {
    const filters = fieldsOf(value, path);
    for (const name of filters.keys()) {
      if (name !== 'blockedkeys') throw new ConfigurationError(path, `"${name}" is no filter of keys`);
    }
    return { blockedKeys: list(filters.get('blockedkeys'), `${path}.blockedKeys`) };
  },
};

const known = new Set([
  'id',
  'name',
  'type',
  'scope',
  'scopeid',
  'scopevalue',
  'rules',
  'priority',
  'enabled',
  'createdat',
  'updatedat',
]);

/** @throws {ConfigurationError} for a word that means nothing: it must not switch a policy off */
export function readPolicy(policy: RoutingPolicy): ReadPolicy {
  const fields = fieldsOf(policy, 'policy');
  const id = fields.get('id');
  if (typeof id !== 'string' || id === '') throw new ConfigurationError('policy.id', 'expected a name');
  const at = `policy "${id}"`;
  for (const name of fields.keys()) {
    if (!known.has(name)) throw new ConfigurationError(at, `"${name}" is no field of a policy`);
  }
  const scope = wordOf(scopes, fields.get('scope') ?? 'global', `${at}.scope`);
  const scopeId = fields.get('scopeid') ?? fields.get('scopevalue');
  if (scope !== 'global' && typeof scopeId !== 'string')
    throw new ConfigurationError(`${at}.scopeId`, `expected the ${scope.replace('per_', '')} that is meant`);
  const priority = fields.get('priority') ?? 0;
  if (typeof priority !== 'number' || !Number.isFinite(priority))
    throw new ConfigurationError(`${at}.priority`, 'expected a number');
  return {
    id,
    type: wordOf(types, fields.get('type') ?? 'routing', `${at}.type`),
    scope,
    ...(typeof scopeId === 'string' && { scopeId }),
    priority,
    enabled: flag(fields.get('enabled') ?? true, `${at}.enabled`),
    ...readRules(fields.get('rules'), `${at}.rules`),
  };
}

function readRules(given: unknown, path: string): Pick<ReadPolicy, 'rules' | 'strategy'> {
  const parts: readonly unknown[] = Array.isArray(given) ? given : [given];
  let rules: ReadRules = {};
  let strategy: StrategyName | undefined;
  const needed: { readonly action: string; readonly rule: keyof ReadRules }[] = [];
  for (const [index, part] of parts.entries()) {
    const at = Array.isArray(given) ? `${path}[${index}]` : path;
    for (const [name, value] of fieldsOf(part, at)) {
      if (name === 'action') {
        const action = String(value);
        const meant = Object.hasOwn(actions, plain(action)) ? actions[plain(action)] : undefined;
        if (meant === undefined) throw new ConfigurationError(at, `"${action}" is no action`);
        if (meant === 'cost' || meant === 'reliability') strategy = parseStrategyName(meant);
        else if (meant === 'fallbackToReliable' || meant === 'preferPremiumTier')
          rules = { ...rules, [meant]: true };
        else needed.push({ action, rule: meant as keyof ReadRules });
        continue;
      }
      const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
      if (read === undefined) throw new ConfigurationError(at, `"${name}" is no rule`);
      rules = { ...rules, ...read(value, `${at}.${name}`) };
    }
  }
  for (const { action, rule } of needed) {
    if (rules[rule] === undefined) throw new ConfigurationError(path, `"${action}" needs ${rule}`);
  }
  return { rules, ...(strategy !== undefined && { strategy }) };
}

function plain(name: string): string {
  return name.replaceAll(/[_\-\s]/g, '').toLowerCase();
}

/** By name, without case and underscores. */
function fieldsOf(value: unknown, path: string): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigurationError(path, 'expected an object');
  const fields = new Map<string, unknown>();
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    if (fields.has(plain(name))) throw new ConfigurationError(path, `"${name}" stands there twice`);
    fields.set(plain(name), field);
  }
  return fields;
}

function wordOf<Word>(words: Readonly<Record<string, Word>>, value: unknown, path: string): Word {
  // The older spelling has enumerations: `PolicyType.Cost`.
  const name = plain(String(value).replace(/^Policy(Type|Scope)\./i, ''));
  const word = Object.hasOwn(words, name) ? words[name] : undefined;
  if (word !== undefined) return word;
  throw new ConfigurationError(
    path,
    `expected one of ${Object.keys(words).join(', ')}, got "${String(value)}"`,
  );
}

function amount(value: unknown, path: string): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && /^(0|[1-9]\d*)?(\.\d{1,12})?$/.test(text) && /\d/.test(text))
    return text.startsWith('.') ? `0${text}` : text;
  throw new ConfigurationError(path, `expected a plain decimal such as "0.10", got "${String(value)}"`);
}

function share(value: unknown, path: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new ConfigurationError(path, `expected a number from 0 to 1, got "${String(value)}"`);
}

function flag(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new ConfigurationError(path, `expected true or false, got "${String(value)}"`);
}

function list(value: unknown, path: string): readonly string[] {
  const isList = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string');
  if (isList) return value as readonly string[];
  throw new ConfigurationError(path, 'expected a list of names');
}
