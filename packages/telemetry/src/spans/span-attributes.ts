import { amountOf, attributionDimensions, type LedgerEntry, type Verdict } from '@genops/core';
import type { Attributes } from '@opentelemetry/api';
import { attributionLabel } from '../metrics/facts.ts';

/** The version of the GenOps specification whose names are used here. */
export const specificationVersion = '0.1.0';

/** What the specification wants of every unit. The last two only of units that ran. */
export const requiredAttributes = [
  'genops.spec.version',
  'genops.team',
  'genops.project',
  'genops.environment',
  'genops.operation.name',
  'genops.operation.type',
  'genops.policy.result',
  'genops.accounting.unit',
  'genops.accounting.reserved',
  'genops.accounting.actual',
] as const;

/**
 * What an entry says, in the names of OpenTelemetry GenAI and of the GenOps specification. Nothing in it is
 * null. What the specification requires and nobody said is named in `genops.spec.missing`.
 */
export function spanAttributes(entry: LedgerEntry): Attributes {
  const { usage = {}, cost, decision } = entry;
  const isPriced = cost.result === 'priced';
  const attributes = present({
    'gen_ai.operation.name': entry.operation,
    'gen_ai.provider.name': entry.provider,
    'gen_ai.request.model': entry.requestModel,
    'gen_ai.request.stream': entry.stream,
    'gen_ai.response.model': entry.responseModel,
    'gen_ai.response.id': entry.responseId,
    'gen_ai.conversation.id': entry.attribution.sessionId,
    'gen_ai.usage.input_tokens': usage.inputTokens,
    'gen_ai.usage.output_tokens': usage.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': usage.cacheReadInputTokens,
    'gen_ai.usage.cache_creation.input_tokens': usage.cacheCreationInputTokens,
    'gen_ai.usage.cache_write.input_tokens': usage.cacheCreationInputTokens,
    'gen_ai.usage.reasoning.output_tokens': usage.reasoningOutputTokens,
    'gen_ai.usage.cost': isPriced ? Number(amountOf(cost.total)) : undefined,
    'http.response.status_code': entry.status,
    'genops.spec.version': specificationVersion,
    'genops.operation.name': `${entry.operation} ${entry.requestModel}`,
    'genops.operation.type': 'ai.inference',
    'genops.operation.id': entry.operationId,
    'genops.operation.attempt': entry.kind === 'refused' ? undefined : entry.attempt,
    'genops.outcome': entry.outcome,
    'genops.flags': entry.flags === undefined ? undefined : [...entry.flags],
    'genops.host.provider': entry.gateway?.hostProvider,
    'genops.provider_key.id': entry.providerKeyId,
    'genops.cost.total': isPriced ? Number(amountOf(cost.total)) : undefined,
    'genops.cost.exact': isPriced ? amountOf(cost.total) : undefined,
    'genops.cost.currency': isPriced ? cost.total.currency : undefined,
    'genops.cost.basis': isPriced ? cost.basis : 'unpriced',
    'genops.cost.avoided':
      isPriced && cost.avoided !== undefined ? Number(amountOf(cost.avoided)) : undefined,
    'genops.cost.provider': entry.provider,
    'genops.cost.model': entry.responseModel ?? entry.requestModel,
    'genops.tokens.input': usage.inputTokens,
    'genops.tokens.output': usage.outputTokens,
    'genops.tokens.total': total(usage.inputTokens, usage.outputTokens),
    'genops.routing.strategy': decision.routing?.strategy,
    'genops.routing.efficiency': decision.routing?.routeEfficiency,
    'genops.policy.result': policyResult(decision.verdict),
    'genops.policy.name': decision.rules[0],
    'genops.policy.reason_code': decision.verdict === 'allowed' ? undefined : decision.reasonCode,
    'genops.policy.reason': decision.verdict === 'allowed' ? undefined : decision.message,
    ...accounting(entry),
    ...budget(entry),
    ...attributionAttributes(entry),
  });
  const missing = missingOf(entry, attributes);
  return missing.length === 0 ? attributes : { ...attributes, 'genops.spec.missing': missing };
}

/**
 * What was held and what it came to, in one unit. A cost in another currency than the hold’s is in
 * `genops.cost.*` only.
 */
export function accounting(entry: LedgerEntry): Attributes {
  const { kind, held, cost } = entry;
  if (kind === 'refused') return {};
  const unit = held?.currency ?? (cost.result === 'priced' ? cost.total.currency : undefined);
  const isComparable = cost.result === 'priced' && cost.total.currency === unit;
  return present({
    'genops.accounting.reserved': held === undefined ? undefined : Number(amountOf(held)),
    'genops.accounting.actual': isComparable ? Number(amountOf(cost.total)) : undefined,
    'genops.accounting.unit': unit,
  });
}

/** The tightest limit on money, as it stood when the call was admitted or refused. */
function budget({ decision }: LedgerEntry): Attributes {
  const [tightest] = decision.limits
    .filter(({ unit }) => unit === 'money')
    .sort((one, other) => Number(one.available) - Number(other.available));
  if (tightest === undefined) return {};
  return {
    'genops.budget.name': tightest.limitId,
    'genops.budget.allocated': Number(tightest.amount),
    'genops.budget.consumed': Number(tightest.settled),
    'genops.budget.remaining': Number(tightest.available),
  };
}

function missingOf({ kind }: LedgerEntry, attributes: Attributes): string[] {
  return requiredAttributes.filter((name) => {
    if (kind === 'refused' && name.startsWith('genops.accounting.')) return false;
    return attributes[name] === undefined;
  });
}

/** `allowed` → `ALLOWED`, as the specification spells it. */
export function policyResult(verdict: Verdict): string {
  return verdict.toUpperCase();
}

/** `customerId` → `genops.customer_id`, a tag → `genops.tag.<name>`. */
export function attributionAttributes({ attribution }: Pick<LedgerEntry, 'attribution'>): Attributes {
  const attributes: Attributes = {};
  for (const dimension of attributionDimensions) {
    const value = attribution[dimension];
    if (value !== undefined) attributes[attributionLabel(dimension)] = value;
  }
  for (const [name, value] of Object.entries(attribution.tags ?? {}))
    attributes[attributionLabel(`tags.${name}`)] = value;
  return attributes;
}

function total(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

/** Leaves out what is not known: an absent attribute and a zero are different things. */
export function present(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
