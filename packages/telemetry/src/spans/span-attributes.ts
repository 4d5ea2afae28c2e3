import { amountOf, attributionDimensions, type LedgerEntry, type Verdict } from '@genops/core';
import type { Attributes } from '@opentelemetry/api';

/** The version of the GenOps specification whose names are used here. */
export const specificationVersion = '0.1.0';

/** What an entry says, in the names of OpenTelemetry GenAI and of the GenOps specification. Nothing in it is null. */
export function spanAttributes(entry: LedgerEntry): Attributes {
  const { usage = {}, cost, decision, held } = entry;
  const isPriced = cost.result === 'priced';
  return present({
    'gen_ai.operation.name': entry.operation,
    'gen_ai.provider.name': entry.provider,
    'gen_ai.request.model': entry.requestModel,
    'gen_ai.request.stream': entry.stream,
    'gen_ai.response.model': entry.responseModel,
    'gen_ai.response.id': entry.responseId,
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
    'genops.outcome': entry.outcome,
    'genops.cost.total': isPriced ? Number(amountOf(cost.total)) : undefined,
    'genops.cost.exact': isPriced ? amountOf(cost.total) : undefined,
    'genops.cost.currency': isPriced ? cost.total.currency : undefined,
    'genops.cost.basis': isPriced ? cost.basis : 'unpriced',
    'genops.cost.provider': entry.provider,
    'genops.cost.model': entry.responseModel ?? entry.requestModel,
    'genops.tokens.input': usage.inputTokens,
    'genops.tokens.output': usage.outputTokens,
    'genops.tokens.total': total(usage.inputTokens, usage.outputTokens),
    'genops.accounting.reserved': held === undefined ? undefined : Number(amountOf(held)),
    'genops.accounting.actual':
      isPriced && entry.kind !== 'refused' ? Number(amountOf(cost.total)) : undefined,
    'genops.accounting.unit': held?.currency ?? (isPriced ? cost.total.currency : undefined),
    'genops.policy.result': policyResult(decision.verdict),
    'genops.policy.reason_code': decision.verdict === 'allowed' ? undefined : decision.reasonCode,
    'genops.policy.reason': decision.verdict === 'allowed' ? undefined : decision.message,
    ...attributionAttributes(entry),
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
    if (value !== undefined) attributes[`genops.${snakeCase(dimension)}`] = value;
  }
  for (const [name, value] of Object.entries(attribution.tags ?? {}))
    attributes[`genops.tag.${name}`] = value;
  return attributes;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function total(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

/** Leaves out what is not known: an absent attribute and a zero are different things. */
export function present(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
