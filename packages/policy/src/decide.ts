import type { ReasonCode, UnpricedReason, Verdict } from '@genops/core';
import { type CallDimensions, dimensionOf } from './dimensions.ts';
import { compileLimits, type LimitIndex, type MatchedLimit } from './limits.ts';
import { type Policy, type Rule, verdictOf } from './schema.ts';

/** What rules alone say about a call, before any limit is asked. */
export interface Ruling {
  readonly verdict: Extract<Verdict, 'allowed' | 'warning' | 'blocked'>;
  readonly reasonCode?: ReasonCode;
  readonly message?: string;
  /** Ids of the rules that spoke. */
  readonly rules: readonly string[];
  /** What rules in shadow would have done. */
  readonly wouldHave: readonly {
    readonly id: string;
    readonly verdict: Verdict;
    readonly reasonCode: ReasonCode;
  }[];
}

/** A policy made ready for questions. */
export interface CompiledPolicy {
  readonly policy: Policy;
  /** Which limits the call draws on. */
  readonly limitsOf: LimitIndex;
  /** What the rules say. Pure: the same call and policy always get the same ruling. */
  decide(call: CallDimensions): Ruling;
  /** What follows when the price of a call is not known. */
  decideUnpriced(reason: UnpricedReason, model: string, limits: readonly MatchedLimit[]): Ruling;
}

const allowed: Ruling = { verdict: 'allowed', rules: [], wouldHave: [] };

/** Prepares a policy once, so that each decision only looks up. */
export function compilePolicy(policy: Policy): CompiledPolicy {
  const rules = policy.rules.map((rule) => ({ rule, applies: compileCondition(rule) }));
  return {
    policy,
    limitsOf: compileLimits(policy.limits),
    decide: (call) => {
      if (rules.length === 0) return allowed;
      const met = rules.filter(({ applies }) => applies(call)).map(({ rule }) => rule);
      return met.length === 0 ? allowed : ruleOn(met);
    },
    decideUnpriced: (reason, model, limits) => {
      const binding = limits.find(({ limit }) => limit.unit === 'money' && limit.mode === 'enforced');
      if (binding === undefined || policy.onUnpriced === 'allow') return allowed;
      return {
        verdict: 'blocked',
        reasonCode: reason === 'unmetered' ? 'x_unmetered' : 'x_unpriced_model',
        message: `No price is known for "${model}" (${reason}), and "${binding.limit.id}" is an enforced money limit`,
        rules: [],
        wouldHave: [],
      };
    },
  };
}

function ruleOn(met: readonly Rule[]): Ruling {
  const enforced = met.filter((rule) => rule.mode === 'enforced');
  const strongest = enforced.find((rule) => rule.effect === 'deny') ?? enforced[0];
  return {
    verdict: strongest === undefined ? 'allowed' : strongest.effect === 'deny' ? 'blocked' : 'warning',
    ...(strongest !== undefined && {
      reasonCode: strongest.reasonCode,
      message:
        strongest.message ??
        `Rule "${strongest.id}" ${strongest.effect === 'deny' ? 'denies' : 'warns of'} this call`,
    }),
    rules: enforced.map((rule) => rule.id),
    wouldHave: met
      .filter((rule) => rule.mode === 'shadow')
      .map(({ id, effect, reasonCode }) => ({ id, verdict: verdictOf[effect], reasonCode })),
  };
}

function compileCondition(rule: Rule): (call: CallDimensions) => boolean {
  const required = Object.entries(rule.when ?? {}).map(([dimension, values]) => valueTest(dimension, values));
  const excepted = Object.entries(rule.unless ?? {}).map(([dimension, values]) =>
    valueTest(dimension, values),
  );
  return (call) => required.every((test) => test(call)) && !excepted.some((test) => test(call));
}

function valueTest(dimension: string, patterns: readonly string[]): (call: CallDimensions) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns.filter((pattern) => pattern.includes('*')).map((pattern) => pattern.split('*'));
  return (call) => {
    const value = dimensionOf(call, dimension);
    return value !== undefined && (exact.has(value) || globs.some((parts) => globMatches(parts, value)));
  };
}

/** Matches without backtracking: each part is looked for after the one before it. */
function globMatches(parts: readonly string[], value: string): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length)
    return false;
  let position = first.length;
  const end = value.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, position);
    if (found === -1 || found + part.length > end) return false;
    position = found + part.length;
  }
  return true;
}
