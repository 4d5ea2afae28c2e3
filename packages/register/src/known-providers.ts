import { ConfigurationError, type Provider, withBaseUrl } from '@genops/core';
import { openai } from '@genops/openai';
import type { Environment } from './environment.ts';

/** Every provider that is recognised by its address. */
export const knownProviders: readonly Provider[] = [openai];

/** A known provider at an address of one's own, as configuration files name it. */
export interface ProviderAddress {
  readonly type: string;
  readonly id?: string | undefined;
  readonly baseUrl?: string | undefined;
}

/**
 * Providers at all the addresses where they are: the usual one, the one that their SDKs find in the environment,
 * and those that are configured.
 *
 * @throws {ConfigurationError} for an address that is no URL, and for a type that is not known
 */
export function providersAt(
  providers: readonly Provider[],
  environment: Environment,
  configured: readonly ProviderAddress[],
): readonly Provider[] {
  const byBaseUrl = new Map<string, Provider>();
  const add = (provider: Provider): unknown => byBaseUrl.set(provider.baseUrl, provider);
  for (const provider of providers) {
    add(provider);
    const moved = movedByEnvironment(provider, environment);
    if (moved !== undefined) add(moved);
  }
  configured.forEach((address, index) => {
    const moved = movedByConfiguration(address, `providers[${index}]`);
    if (moved !== undefined && providers.some(({ id }) => id === address.type)) add(moved);
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
  const provider = knownProviders.find(({ id }) => id === address.type);
  if (provider === undefined) {
    const known = knownProviders.map(({ id }) => id).join(', ');
    throw new ConfigurationError(`${path}.type`, `expected one of ${known}; got "${address.type}"`);
  }
  if (address.baseUrl === undefined) return undefined;
  const moved = withBaseUrl(provider, address.baseUrl);
  return address.id === undefined ? moved : { ...moved, id: address.id };
}
