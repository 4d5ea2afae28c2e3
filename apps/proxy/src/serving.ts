import type { Attribution, GovernorListener, Provider } from '@genops/core';
import { createGovernor, createRouteFinder, type Governor } from '@genops/governor';
import type { Ledger } from '@genops/ledger';
import {
  bundledCatalog,
  type Catalog,
  createPricing,
  type LiveLists,
  type LivePrices,
  type PriceFile,
} from '@genops/pricing';
import { nameTest, type RouterStateStore } from '@genops/router';
import { announcing } from './alerts.ts';
import type { ConfiguredProvider } from './app.ts';
import { accessKeyText, isSigned } from './aws-credentials.ts';
import { type Config, type Environment, policyOf, resolveReference } from './config.ts';
import { createAdmin } from './management/admin.ts';
import { createManagement, type Management } from './management/management.ts';
import type { TransitionLog } from './management/transition-log.ts';
import { providerOf } from './provider-of.ts';
import { registerKeys, routingOf } from './routing-options.ts';
import { simulatedPrices } from './simulated/prices.ts';
import { type SimulatedProvider, simulatedModels } from './simulated/provider.ts';
import { createVirtualKeys, type VirtualKeys } from './virtual-keys.ts';

/** A configuration as it came, with what was read beside it. */
export interface LoadedConfig {
  readonly config: Config;
  /** Prices of one's own, read from the files that the configuration names. */
  readonly prices?: readonly PriceFile[];
}

/** What one configuration serves. A call sees one of these from its first byte to its last. */
export interface Serving extends LoadedConfig {
  readonly governor: Governor;
  readonly providers: readonly ConfiguredProvider[];
  readonly virtualKeys: VirtualKeys;
  /** Absent where the configuration has no `admin`. */
  readonly management?: Management;
}

export interface ServingOptions extends LoadedConfig {
  /** Outlives what is made here. */
  readonly ledger: Ledger;
  readonly environment: Environment;
  readonly simulated: SimulatedProvider | undefined;
  /** Outlive what is made here. */
  readonly listOf: LiveLists;
  readonly routerStates: RouterStateStore | undefined;
  readonly listeners: readonly GovernorListener[];
  /** Outlives what is made here. */
  readonly transitions: TransitionLog;
  readonly accepting: () => boolean;
  readonly onError: (error: unknown) => void;
}

/**
 * Carries a configuration out.
 *
 * @throws {ConfigurationError} when it cannot be: a missing secret, two keys that are the same
 */
export function createServing(options: ServingOptions): Serving {
  const { config, environment, prices = [], simulated } = options;
  const virtualKeys = createVirtualKeys(config.virtualKeys, environment);
  const catalog = bundledCatalog();
  const providers = config.providers.map((entry, index): ConfiguredProvider => {
    if (entry.type === 'simulated') return simulatedProvider(simulated as SimulatedProvider);
    const provider = providerOf(entry, environment);
    return {
      provider,
      find: createRouteFinder(provider),
      sharesAccount: entry.account === 'shared',
      apiKey: keyOf(entry, provider, environment, `providers[${index}]`),
      serves: nameTest(entry.models),
      models:
        entry.models?.filter((model) => !model.includes('*')) ?? pricedModels(catalog, prices, provider.id),
    };
  });
  const governor = createGovernor({
    providers: providers.map(({ provider }) => provider),
    policy: announcing(policyOf(config), config),
    pricing: createPricing({
      catalog,
      overrides: simulated === undefined ? prices : [...prices, simulatedPrices],
      live: livePricesOf(config, providers, options.listOf),
    }),
    ledger: { ...options.ledger, close: async () => {} },
    mode: config.mode,
    attribution: config.attribution as Attribution,
    timeoutMs: config.server.timeoutMs,
    holdGraceMs: config.server.holdGraceMs,
    idleTimeoutMs: config.server.idleTimeoutMs,
    maxRequestBytes: config.server.maxRequestBytes,
    routing: { ...routingOf(config, providers, options.routerStates), onTransition: options.transitions.add },
    onError: options.onError,
  });
  for (const listener of options.listeners) governor.on(listener);
  const { transitions, accepting } = options;
  try {
    registerKeys(governor, config, environment);
    const management =
      config.admin &&
      createManagement(createAdmin(config.admin, environment, virtualKeys), {
        governor,
        providers,
        transitions,
        accepting,
      });
    return {
      config,
      prices,
      governor,
      providers,
      virtualKeys,
      ...(management !== undefined && { management }),
    };
  } catch (error) {
    void governor.close();
    throw error;
  }
}

/** Model servers of one's own, which mostly want no key. */
const keyless: ReadonlySet<string> = new Set(['ollama', 'vllm', 'openai-compatible']);

/** The variable that a provider's own clients read. */
function defaultReference(
  { apiKeyEnv }: Provider,
  type: string,
  environment: Environment,
): string | undefined {
  return keyless.has(type) && environment[apiKeyEnv] === undefined ? undefined : `env:${apiKeyEnv}`;
}

/** The one key of a provider; none where there is a pool, or where it finds its credentials itself. */
function keyOf(
  entry: Exclude<Config['providers'][number], { type: 'simulated' }>,
  provider: Provider,
  environment: Environment,
  path: string,
): ConfiguredProvider['apiKey'] {
  const { apiKey, credentials, keys, type } = entry;
  if (keys !== undefined || credentials === 'default') return undefined;
  if (credentials !== undefined) {
    const secret = accessKeyText(credentials, environment, `${path}.credentials`);
    return { id: credentials.accessKeyId, secret };
  }
  if (isSigned(entry, environment)) return undefined;
  const reference = apiKey ?? defaultReference(provider, type, environment);
  if (reference === undefined) return undefined;
  return { id: reference, secret: resolveReference(environment, `${path}.apiKey`, reference) };
}

function livePricesOf(
  config: Config,
  providers: readonly ConfiguredProvider[],
  listOf: LiveLists,
): readonly LivePrices[] {
  return config.livePrices.flatMap((name) =>
    providers
      .filter((_, index) => config.providers[index]?.type === name)
      .map(({ provider }) => listOf(name, provider.baseUrl)),
  );
}

/** The models of a provider that have a price, its own prices first. */
function pricedModels(catalog: Catalog, prices: readonly PriceFile[], provider: string): readonly string[] {
  const own = prices.filter((file) => file.provider === provider);
  const files = [...own, catalog.provider(provider)?.file];
  return [...new Set(files.flatMap((file) => file?.models.map(({ model }) => model) ?? []))].filter(
    (model) => model !== '*',
  );
}

function simulatedProvider({ provider }: SimulatedProvider): ConfiguredProvider {
  const models: readonly string[] = simulatedModels;
  return {
    provider,
    find: createRouteFinder(provider),
    apiKey: undefined,
    sharesAccount: false,
    serves: (model) => models.includes(model),
    models,
  };
}
