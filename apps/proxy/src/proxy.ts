import type { AddressInfo } from 'node:net';
import { type Attribution, ConfigurationError, type Provider, withBaseUrl } from '@genops/core';
import { createGovernor, type Governor, type RoutingOptions } from '@genops/governor';
import type { Ledger } from '@genops/ledger';
import { bundledCatalog, type Catalog, createPricing, type PriceFile } from '@genops/pricing';
import type { KeyMetadata } from '@genops/router';
import { type ConfiguredProvider, createApp } from './app.ts';
import {
  type Config,
  type Environment,
  policyOf,
  providerId,
  providerTypes,
  resolveReference,
} from './config.ts';
import { createDispatchTransport } from './dispatch-transport.ts';
import { createAdmin } from './management/admin.ts';
import { createManagement } from './management/management.ts';
import { createTransitionLog } from './management/transition-log.ts';
import { simulatedPrices } from './simulated/prices.ts';
import { type SimulatedProvider, simulatedModels, startSimulatedProvider } from './simulated/provider.ts';
import { createVirtualKeys } from './virtual-keys.ts';

export interface ProxyOptions {
  readonly config: Config;
  readonly ledger: Ledger;
  /** Where `env:` references are looked up. */
  readonly environment: Environment;
  /** Prices of one's own, read from the files that the configuration names. */
  readonly prices?: readonly PriceFile[];
  /** Wins over the configuration. */
  readonly port?: number;
  readonly onError: (error: unknown) => void;
}

/** A proxy that answers. */
export interface RunningProxy {
  readonly governor: Governor;
  readonly url: string;
  /** Takes no new calls, lets those under way finish, then closes everything. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts a proxy.
 *
 * @throws {ConfigurationError} when the configuration cannot be carried out: a missing secret, a port in use
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { config, environment, ledger, onError } = options;
  const virtualKeys = createVirtualKeys(config.virtualKeys, environment);
  const wantsSimulated = config.providers.some(({ type }) => type === 'simulated');
  const simulated = wantsSimulated ? await startSimulatedProvider() : undefined;
  const catalog = bundledCatalog();
  const prices = options.prices ?? [];
  const pricing = createPricing({
    catalog,
    overrides: simulated === undefined ? prices : [...prices, simulatedPrices],
  });
  const providers = config.providers.map((entry, index): ConfiguredProvider => {
    if (entry.type === 'simulated') return simulatedProvider(simulated as SimulatedProvider);
    const record = providerTypes[entry.type];
    const id = providerId(entry);
    return {
      provider: withBaseUrl({ ...record, id }, entry.baseUrl ?? record.baseUrl),
      apiKey:
        entry.keys === undefined
          ? keyOf(
              entry.apiKey ?? defaultReference(record, entry.type, environment),
              environment,
              `providers[${index}].apiKey`,
            )
          : undefined,
      serves: modelTest(entry.models),
      models: entry.models?.filter((model) => !model.includes('*')) ?? pricedModels(catalog, prices, id),
    };
  });

  const transitions = createTransitionLog();
  const governor = createGovernor({
    providers: providers.map(({ provider }) => provider),
    policy: policyOf(config),
    pricing,
    ledger,
    mode: config.mode,
    attribution: config.attribution as Attribution,
    timeoutMs: config.server.timeoutMs,
    holdGraceMs: config.server.holdGraceMs,
    idleTimeoutMs: config.server.idleTimeoutMs,
    maxRequestBytes: config.server.maxRequestBytes,
    routing: { ...routingOf(config, providers), onTransition: transitions.add },
    onError,
  });
  registerKeys(governor, config, environment);
  const upstream = createDispatchTransport();
  let accepting = true;
  const server = createApp({
    governor,
    providers,
    virtualKeys,
    transport: upstream.transport,
    maxRequestBytes: config.server.maxRequestBytes,
    accepting: () => accepting,
    ...(config.admin !== undefined && {
      management: createManagement(createAdmin(config.admin, environment, virtualKeys), {
        governor,
        providers,
        transitions,
        accepting: () => accepting,
      }),
    }),
    onError,
  });
  const closeParts = async (): Promise<void> => {
    await upstream.close();
    await simulated?.close();
    await governor.close();
  };
  try {
    await listen(server, options.port ?? config.server.port, config.server.host);
  } catch (error) {
    await closeParts();
    throw error;
  }

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    accepting = false;
    const drained = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const impatient = setTimeout(() => server.closeAllConnections(), config.server.shutdownGraceMs);
    await drained;
    clearTimeout(impatient);
    await closeParts();
  };
  const { port } = server.address() as AddressInfo;
  const host = config.server.host.includes(':') ? `[${config.server.host}]` : config.server.host;
  return {
    governor,
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`,
    close: () => (closing ??= close()),
  };
}

/** Model servers of one's own, which mostly want no key. */
const keyless: ReadonlySet<string> = new Set(['ollama', 'vllm']);

/** The variable that a provider's own clients read. */
function defaultReference(
  { apiKeyEnv }: Provider,
  type: string,
  environment: Environment,
): string | undefined {
  return keyless.has(type) && environment[apiKeyEnv] === undefined ? undefined : `env:${apiKeyEnv}`;
}

function keyOf(
  reference: string | undefined,
  environment: Environment,
  path: string,
): ConfiguredProvider['apiKey'] {
  if (reference === undefined) return undefined;
  return { id: reference, secret: resolveReference(environment, path, reference) };
}

/** The routes as written, with the providers' own keys. */
function routingOf({ routing }: Config, providers: readonly ConfiguredProvider[]): RoutingOptions {
  const apiKeyOf = new Map(providers.map(({ provider, apiKey }) => [provider.id, apiKey]));
  const routes = routing.routes.map((route) => ({
    ...route,
    targets: route.targets.map((target) => {
      const apiKey = apiKeyOf.get(target.provider);
      return apiKey === undefined ? target : { ...target, apiKey };
    }),
  }));
  return { ...routing, routes } as RoutingOptions;
}

/** @throws {ConfigurationError} when a variable is not set, or two keys are the same */
function registerKeys(governor: Governor, config: Config, environment: Environment): void {
  config.providers.forEach((entry, index) => {
    if (entry.type === 'simulated') return;
    entry.keys?.forEach(({ id, secret, ...metadata }, key) => {
      const path = `providers[${index}].keys[${key}].secret`;
      governor.router.keys.register({
        id,
        provider: providerId(entry),
        secret: resolveReference(environment, path, secret),
        metadata: metadata as KeyMetadata,
      });
    });
  });
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
  return { provider, apiKey: undefined, serves: (model) => models.includes(model), models };
}

function listen(server: ReturnType<typeof createApp>, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(
          new ConfigurationError('port', `${port} is in use on ${host}; choose another with --port`, {
            cause: error,
          }),
        );
      } else if (error.code === 'EACCES') {
        reject(
          new ConfigurationError('port', `this user may not listen on ${port}; choose one above 1023`, {
            cause: error,
          }),
        );
      } else reject(error);
    });
    server.listen(port, host, () => resolve());
  });
}

/** `*` stands for any run of characters; no list means every model. */
function modelTest(patterns: readonly string[] | undefined): (model: string) => boolean {
  if (patterns === undefined) return () => true;
  const tests = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`);
  });
  return (model) => tests.some((test) => test.test(model));
}
