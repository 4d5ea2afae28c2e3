import { ConfigurationError } from '@genops/core';
import type { Governor, RouteOptions, RouteTargetOptions, RoutingOptions } from '@genops/governor';
import type { KeyMetadata, RouterStateStore } from '@genops/router';
import type { ConfiguredProvider } from './app.ts';
import { accessKeyText } from './aws-credentials.ts';
import { type Config, type Environment, providerId, resolveReference } from './config.ts';
import { constraintsOf } from './constraints-schema.ts';
import { quotasOf } from './keys-schema.ts';

/** The routing of a configuration as the governor takes it, with the providers' own keys. */
export function routingOf(
  { routing }: Config,
  providers: readonly ConfiguredProvider[],
  store: RouterStateStore | undefined,
): RoutingOptions {
  const apiKeyOf = new Map(providers.map(({ provider, apiKey }) => [provider.id, apiKey]));
  const withKey = <Target extends { readonly provider: string }>(target: Target): RouteTargetOptions => {
    const apiKey = apiKeyOf.get(target.provider);
    return apiKey === undefined ? target : { ...target, apiKey };
  };
  const { routes, constraints, keys, shared, ...others } = routing;
  const { thresholds, ...resting } = keys ?? {};
  return {
    ...others,
    ...(constraints !== undefined && { constraints: constraintsOf(constraints) }),
    ...(keys !== undefined && {
      keys: { ...resting, ...(thresholds !== undefined && { quota: { thresholds } }) },
    }),
    ...(store !== undefined && shared !== false && { shared: { store, ...shared } }),
    routes: routes.map(({ targets, mirror, constraints: own, ...route }) => ({
      ...route,
      targets: targets.map(withKey),
      ...(own !== undefined && { constraints: constraintsOf(own) }),
      ...(mirror !== undefined && { mirror: { ...mirror, target: withKey(mirror.target) } }),
    })) as RouteOptions[],
  } as RoutingOptions;
}

/** @throws {ConfigurationError} when a variable is not set, or two keys are the same */
export function registerKeys({ router }: Governor, config: Config, environment: Environment): void {
  config.providers.forEach((entry, index) => {
    if (entry.type === 'simulated') return;
    entry.keys?.forEach(({ id, secret, accessKeyId, sessionToken, quotas, ...metadata }, key) => {
      const path = `providers[${index}].keys[${key}]`;
      const ofAws = accessKeyId && {
        accessKeyId,
        secretAccessKey: secret,
        ...(sessionToken !== undefined && { sessionToken }),
      };
      router.keys.register({
        id,
        provider: providerId(entry),
        secret: ofAws
          ? accessKeyText(ofAws, environment, path)
          : resolveReference(environment, `${path}.secret`, secret),
        metadata: metadata as KeyMetadata,
      });
      if (quotas !== undefined) router.keys.configureQuota(id, quotasOf(quotas), { of: 'key' });
    });
    for (const [account, { quotas }] of Object.entries(entry.accounts ?? {})) {
      const first = entry.keys?.find((one) => one.account === account);
      if (first === undefined)
        throw new ConfigurationError(`providers[${index}].accounts.${account}`, 'no key is of this account');
      router.keys.configureQuota(first.id, quotasOf(quotas));
    }
  });
}
