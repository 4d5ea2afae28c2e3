import { catalogueProvider, type ModelAt, makerOf } from '@genops/core';

/** Which of Helicone's gateways: they write the same model the other way round. */
export type GatewayKind = 'cloud' | 'self-hosted';

/** `gpt-4o` served by `openai`, as the gateway wants it: `gpt-4o/openai` in the cloud, `openai/gpt-4o` at home. */
export function gatewayModel(kind: GatewayKind, { provider, model }: ModelAt): string {
  return kind === 'cloud' ? `${model}/${provider}` : `${provider}/${model}`;
}

/**
 * On whose price list a model is.
 *
 * @param hostProvider - who served it, as far as the answer said
 * @returns the name as it is when nobody can say: such a call has no price
 */
export function priceListOf(kind: GatewayKind, model: string, hostProvider?: string): ModelAt | string {
  const named = kind === 'cloud' ? cloudName(model) : selfHostedName(model);
  const provider = hostProvider ?? named.provider ?? makerOf(named.model);
  return provider === undefined ? model : { provider: catalogueProvider(provider), model: named.model };
}

/** What a comma-separated list asks for, in its order, without what it only excludes. */
export function modelsIn(list: string): readonly string[] {
  return list
    .split(',')
    .map((model) => model.trim())
    .filter((model) => model !== '' && !model.startsWith('!'));
}

interface Named {
  readonly model: string;
  readonly provider?: string;
}

/** `model`, `model/provider`, `model/provider/deployment`. */
function cloudName(name: string): Named {
  const [model = name, provider] = name.split('/');
  return provider === undefined ? { model } : { model, provider };
}

/** `provider/model`; a model's own name may have slashes. */
function selfHostedName(name: string): Named {
  const slash = name.indexOf('/');
  return slash === -1 ? { model: name } : { provider: name.slice(0, slash), model: name.slice(slash + 1) };
}
