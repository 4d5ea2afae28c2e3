import { anthropic } from '@genops/anthropic';
import { ConfigurationError, type Provider, withBaseUrl } from '@genops/core';
import { openai } from '@genops/openai';
import {
  cerebras,
  cohere,
  deepseek,
  fireworks,
  groq,
  mistral,
  ollama,
  perplexity,
  together,
  vllm,
  xai,
} from '@genops/openai-compatible';
import { createOpenRouter, openrouter } from '@genops/openrouter';
import type { Environment } from './environment.ts';

/** Every provider that is recognised by its address, wherever it is called from. */
export const knownProviders: readonly Provider[] = [
  openai,
  anthropic,
  openrouter,
  groq,
  mistral,
  deepseek,
  xai,
  together,
  fireworks,
  perplexity,
  cerebras,
  cohere,
];

/** Model servers of one's own have no address that everybody knows: a configuration names it. */
const selfHosted: readonly Provider[] = [ollama, vllm];

/** Further addresses at which known providers answer, as their documents and SDKs have them. */
const otherAddresses: readonly Provider[] = [
  createOpenRouter({ region: 'eu' }),
  createOpenRouter({ region: 'us' }),
  withBaseUrl(deepseek, `${deepseek.baseUrl}/v1`),
];

/** A known provider at an address of one's own, as configuration files name it. */
export interface ProviderAddress {
  readonly type: string;
  readonly id?: string | undefined;
  readonly baseUrl?: string | undefined;
}

/**
 * Providers at all the addresses where they are. Of each the one that was chosen comes last: from the
 * configuration, else the one that its SDKs find in the environment, else the usual one.
 *
 * @throws {ConfigurationError} for an address that is no URL, and for a type that is not known
 */
export function providersAt(
  providers: readonly Provider[],
  environment: Environment,
  configured: readonly ProviderAddress[],
): readonly Provider[] {
  const isWanted = (type: string): boolean =>
    providers.some(({ id }) => id === type) || selfHosted.some(({ id }) => id === type);
  const byBaseUrl = new Map<string, Provider>();
  const add = (provider: Provider): void => {
    // Said again it moves to the end: the last address of a provider is the one that was chosen.
    byBaseUrl.delete(provider.baseUrl);
    byBaseUrl.set(provider.baseUrl, provider);
  };
  for (const provider of providers) {
    for (const other of otherAddresses) if (other.id === provider.id) add(other);
    add(provider);
    const moved = movedByEnvironment(provider, environment);
    if (moved !== undefined) add(moved);
  }
  configured.forEach((address, index) => {
    const moved = movedByConfiguration(address, `providers[${index}]`);
    if (moved !== undefined && isWanted(address.type)) add(moved);
  });
  return [...byBaseUrl.values()];
}

function movedByEnvironment(provider: Provider, environment: Environment): Provider | undefined {
  const variable = provider.setup?.baseUrlEnv;
  const baseUrl = variable === undefined ? undefined : environment[variable.name]?.trim();
  if (variable === undefined || !baseUrl) return undefined;
  if (!URL.canParse(baseUrl))
    throw new ConfigurationError(variable.name, `expected an absolute URL, got "${baseUrl}"`);
  return withBaseUrl(provider, baseUrl.replace(/\/+$/, '') + (variable.appended ?? ''));
}

function movedByConfiguration(address: ProviderAddress, path: string): Provider | undefined {
  // A provider that only exists inside the proxy.
  if (address.type === 'simulated') return undefined;
  const types = [...knownProviders, ...selfHosted];
  const provider = types.find(({ id }) => id === address.type);
  if (provider === undefined) {
    const known = types.map(({ id }) => id).join(', ');
    throw new ConfigurationError(`${path}.type`, `expected one of ${known}; got "${address.type}"`);
  }
  const isUsual = address.baseUrl === undefined || address.baseUrl === provider.baseUrl;
  if (isUsual && !selfHosted.includes(provider)) return undefined;
  const moved = withBaseUrl(provider, address.baseUrl ?? provider.baseUrl);
  return address.id === undefined ? moved : { ...moved, id: address.id };
}
