import { anthropic } from '@genops/anthropic';
import { createAzureOpenAI } from '@genops/azure-openai';
import { bedrock, createBedrock } from '@genops/bedrock';
import { ConfigurationError, type Provider, withBaseUrl } from '@genops/core';
import { createVertex, google, vertex } from '@genops/google';
import { createHelicone, createHeliconeProxy, helicone } from '@genops/helicone';
import { openai } from '@genops/openai';
import {
  cerebras,
  cohere,
  deepseek,
  fireworks,
  groq,
  mistral,
  ollama,
  openaiCompatible,
  perplexity,
  together,
  vllm,
  xai,
} from '@genops/openai-compatible';
import { createOpenRouter, openrouter, openrouterAppHeaders } from '@genops/openrouter';
import { createSkyRouter } from '@genops/skyrouter';
import type { Environment } from './environment.ts';

/** Every provider with an address that everybody knows. */
export const knownProviders: readonly Provider[] = [
  openai,
  anthropic,
  google,
  vertex,
  bedrock,
  openrouter,
  helicone,
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

/** Gateways and model servers that everyone has at another address: governed where somebody says which. */
const atOwnAddresses: readonly Provider[] = [
  createAzureOpenAI({ endpoint: 'https://azure.invalid' }),
  createSkyRouter({ baseUrl: 'https://skyrouter.invalid/v1' }),
  openaiCompatible({ id: 'openai-compatible', baseUrl: 'https://compatible.invalid/v1' }),
  ollama,
  vllm,
];

/** Everyone that a configuration can name as `type`. */
export const providerTypes: readonly Provider[] = [...knownProviders, ...atOwnAddresses];

/** Where Vertex AI serves Gemini. One that is missing here is named in `genops.yaml`, by its address. */
const vertexLocations = [
  ...['us-central1', 'us-east1', 'us-east4', 'us-east5', 'us-south1', 'us-west1', 'us-west4'],
  ...['northamerica-northeast1', 'southamerica-east1', 'australia-southeast1', 'me-central1', 'me-central2'],
  ...['europe-west1', 'europe-west2', 'europe-west3', 'europe-west4', 'europe-west6', 'europe-west8'],
  ...['europe-west9', 'europe-north1', 'europe-central2', 'europe-southwest1', 'me-west1', 'asia-east1'],
  ...['asia-east2', 'asia-northeast1', 'asia-northeast3', 'asia-south1', 'asia-southeast1'],
];

/** Where Bedrock is. */
const bedrockRegions = [
  ...['us-east-1', 'us-east-2', 'us-west-2', 'us-gov-east-1', 'us-gov-west-1', 'ca-central-1', 'sa-east-1'],
  ...['eu-central-1', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-north-1', 'eu-south-1', 'eu-south-2'],
  ...['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-south-2', 'ap-southeast-1'],
  ...['ap-southeast-2', 'me-central-1', 'il-central-1'],
];

/** Further addresses at which known providers answer. */
const otherAddresses: readonly Provider[] = [
  // Helicone's older proxy stands in for them with the same formats, keys and prices.
  createHeliconeProxy(openai, { baseUrl: 'https://oai.helicone.ai/v1' }),
  createHeliconeProxy(anthropic, { baseUrl: 'https://anthropic.helicone.ai' }),
  ...bedrockRegions.map((region) => createBedrock({ region })),
  createOpenRouter({ region: 'eu' }),
  createOpenRouter({ region: 'us' }),
  withBaseUrl(deepseek, `${deepseek.baseUrl}/v1`),
  ...vertexLocations.map((location) => createVertex({ location })),
];

/** A known provider at an address of one's own, as configuration files name it. */
export interface ProviderAddress {
  readonly type: string;
  readonly id?: string | undefined;
  readonly baseUrl?: string | undefined;
  /** Which model each deployment of Azure OpenAI is. */
  readonly deployments?: Readonly<Record<string, string>> | undefined;
  /** Of Vertex AI or Bedrock. */
  readonly location?: string | undefined;
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
  const byBaseUrl = new Map<string, Provider>();
  const appHeaders = openrouterAppHeaders(environment);
  const add = (found: Provider): void => {
    const provider =
      found.id === openrouter.id ? { ...found, headers: { ...appHeaders, ...found.headers } } : found;
    // Said again it moves to the end: the last address of a provider is the one that was chosen.
    byBaseUrl.delete(provider.baseUrl);
    byBaseUrl.set(provider.baseUrl, provider);
  };
  const isOf = (id: string) => (provider: Provider) => provider.id === id;
  for (const provider of providers) {
    otherAddresses.filter(isOf(provider.id)).forEach(add);
    if (!atOwnAddresses.includes(provider)) add(provider);
    const moved = movedByEnvironment(provider, environment);
    if (moved !== undefined) add(moved);
  }
  configured.forEach((address, index) => {
    const moved = movedByConfiguration(address, `providers[${index}]`);
    if (moved !== undefined && providers.some(isOf(idOfType(address.type)))) add(moved);
  });
  return [...byBaseUrl.values()];
}

/** The proxy's configuration also calls it as its makers do. */
function idOfType(type: string): string {
  return type === 'xai' ? xai.id : type;
}

function movedByEnvironment(provider: Provider, environment: Environment): Provider | undefined {
  const variable = provider.setup?.baseUrlEnv;
  const baseUrl = variable === undefined ? undefined : environment[variable.name]?.trim();
  if (variable === undefined || !baseUrl) return undefined;
  if (!URL.canParse(baseUrl))
    throw new ConfigurationError(variable.name, `expected an absolute URL, got "${baseUrl}"`);
  return placedAt(provider, baseUrl.replace(/\/+$/, '') + (variable.appended ?? ''));
}

function movedByConfiguration(address: ProviderAddress, path: string): Provider | undefined {
  // A provider that only exists inside the proxy.
  if (address.type === 'simulated') return undefined;
  const provider = providerTypes.find(({ id }) => id === idOfType(address.type));
  if (provider === undefined) {
    const known = providerTypes.map(({ id }) => id).join(', ');
    throw new ConfigurationError(`${path}.type`, `expected one of ${known}; got "${address.type}"`);
  }
  const { baseUrl, deployments, location, id } = address;
  if (provider.id === 'openai-compatible' && (id === undefined || baseUrl === undefined))
    throw new ConfigurationError(
      `${path}.${id === undefined ? 'id' : 'baseUrl'}`,
      'expected one: an openai-compatible provider has no usual one',
    );
  const moved =
    baseUrl !== undefined
      ? placedAt(provider, baseUrl, { deployments, id })
      : location !== undefined
        ? placedIn(provider, location)
        : /localhost/.test(provider.baseUrl)
          ? provider
          : undefined;
  return moved === undefined || id === undefined ? moved : { ...moved, id };
}

/** Some read the same request in another way at another address. */
function placedAt(
  provider: Provider,
  baseUrl: string,
  { deployments, id = provider.id }: Pick<ProviderAddress, 'deployments' | 'id'> = {},
): Provider {
  switch (provider.id) {
    case 'azure':
      return createAzureOpenAI({ endpoint: baseUrl, ...(deployments !== undefined && { deployments }) });
    case 'helicone':
      return createHelicone({ baseUrl });
    case 'skyrouter':
      return createSkyRouter({ baseUrl });
    case 'openai-compatible':
      return openaiCompatible({ id, baseUrl });
    default:
      return withBaseUrl(provider, baseUrl);
  }
}

function placedIn(provider: Provider, location: string): Provider | undefined {
  if (provider.id === bedrock.id) return createBedrock({ region: location });
  return provider.id === vertex.id ? createVertex({ location }) : undefined;
}
