import type { Provider, RequestFacts } from '@genops/core';
import { type Finding, finding } from './problems.ts';
import { type CheckResult, checked, skipped } from './result.ts';
import { enforcesMoney, type ProviderToCheck, type Setup } from './setup.ts';

const staleAfterDays = 90;

/** Whether the models that are configured have a price, and whether the provider lists them. */
export function checkCatalogue(
  setup: Setup,
  { provider, models }: ProviderToCheck,
  offered: readonly string[] | undefined,
): CheckResult {
  const { id } = provider;
  if (models.length === 0)
    return skipped('catalogue', 'No model is configured by name: use --model or GENOPS_MODELS', id);
  const findings: Finding[] = [];
  for (const model of models) {
    const bound = boundOf(setup, provider, model);
    if (bound.result === 'unpriced') {
      const severity = enforcesMoney(setup) ? 'error' : 'warning';
      findings.push(finding('model-unpriced', model, bound.message, severity));
    } else if ((bound.cost.price?.ageDays ?? 0) > staleAfterDays) {
      const message = `The price of ${model} was last looked at ${bound.cost.price?.ageDays} days ago`;
      findings.push(finding('price-stale', model, message));
    }
    if (offered !== undefined && !offered.includes(model) && !offered.includes(listedName(provider, model)))
      findings.push(finding('model-not-offered', model, `${provider.name} does not list "${model}"`));
  }
  return checked('catalogue', `${models.length} configured: ${models.join(', ')}`, findings, id);
}

/** A gateway that takes `gpt-4o/openai` lists `gpt-4o`. */
function listedName(provider: Provider, model: string): string {
  const named = provider.priceAs?.(model) ?? model;
  return typeof named === 'string' ? named : named.model;
}

/** The most that a call to a model can come to, at the name and the provider that it is priced by. */
export function boundOf(
  { pricing, now }: Pick<Setup, 'pricing' | 'now'>,
  provider: Provider,
  requestModel: string,
  facts: RequestFacts = { requestModel, stream: false, choices: 1, maxOutputTokens: 1, inputBytes: 1 },
): ReturnType<Setup['pricing']['upperBound']> {
  const named = provider.priceAs?.(requestModel) ?? requestModel;
  const priced = typeof named === 'string' ? { provider: provider.id, model: named } : named;
  return pricing.upperBound({ ...priced, at: now().toISOString(), facts });
}
