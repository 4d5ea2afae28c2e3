import {
  ConfigurationError,
  currentAttribution,
  mergeAttribution,
  type Provider,
  withAttribution,
} from '@genops/core';
import { createAsking } from './asking.ts';
import { createOwnCache } from './caching/own-cache.ts';
import {
  checkBudgetLimits,
  checkCaching,
  checkChat,
  checkGateway,
  checkRateLimits,
  checkWebhooks,
} from './check-words.ts';
import { debugCosts } from './cost-debugging.ts';
import { createCustomMetrics } from './custom-metrics.ts';
import type { HeliconeAdapter, HeliconeAdapterOptions, HeliconeChatOptions } from './helicone-adapter.ts';
import {
  attributionOf,
  budgetLimits,
  createReplaceableLimits,
  type RateLimitOptions,
  rateLimit,
} from './limits.ts';
import { gatewayModel } from './model-names.ts';
import { createOrder } from './order.ts';
import { createSelfHostedHelicone, helicone } from './provider.ts';
import { createRoutes } from './routes.ts';
import { createStrategies } from './strategy.ts';
import { streamOf } from './streaming/let-go.ts';
import { fromProviders, type Travel } from './travel.ts';
import { validateProviders } from './validate-providers.ts';
import { createWebhooks } from './webhooks.ts';

/**
 * Makes an adapter: a client of Helicone's gateway that routes, limits and caches.
 *
 * @throws {ConfigurationError} when no provider is named
 */
export function instrumentHelicone(options: HeliconeAdapterOptions): HeliconeAdapter {
  const { governor, gateway = 'cloud', retryAttempts = 3, random = Math.random, sleep = pause } = options;
  const { defaultRoutingStrategy: defaultStrategy = 'cost_optimized' } = options;
  const onError = options.onError ?? ((error) => process.emitWarning(String(error), { code: 'GENOPS' }));
  checkGateway(gateway);
  const routes = createRoutes(options);
  const record: Provider =
    gateway === 'cloud' ? helicone : createSelfHostedHelicone({ baseUrl: options.client.baseURL });
  const gatewayId = record.id;
  const client = governor.wrap(options.client, { provider: record });
  const budgets = createReplaceableLimits(governor);
  const rates = createReplaceableLimits(governor);
  const strategies = createStrategies();
  // One of one's own is registered later: it is named on the calls that want it.
  strategies.check(defaultStrategy);
  const metrics = createCustomMetrics(options.meter);
  const cache = createOwnCache(governor, gatewayId);
  let backoff: RateLimitOptions['backoffStrategy'] = 'exponential';
  const orderOf = createOrder({ governor, gatewayId, routes, strategies, defaultStrategy, random });
  const ask = createAsking({
    ...options,
    client,
    cache,
    sleep,
    rateAttempts: () => (backoff === 'none' ? 0 : retryAttempts),
    onError,
  });

  const chat = (async (chatOptions: HeliconeChatOptions & { readonly stream?: boolean }) => {
    const { customMetrics = {}, modelPreferences = {}, providerPreferences = {}, stream } = chatOptions;
    checkChat(chatOptions, routes.names);
    for (const name of [chatOptions.routingStrategy, chatOptions.fallbackStrategy])
      if (name !== undefined) strategies.check(name);
    metrics.check(customMetrics);
    if (chatOptions.parameters?.['stream'] !== undefined)
      throw new ConfigurationError('parameters.stream', 'expected `stream` beside `message` instead');
    const modelOf = (provider: string): string => {
      const own = chatOptions.provider === provider ? chatOptions.model : undefined;
      const preferred = own ?? modelPreferences[provider] ?? providerPreferences[provider]?.model;
      return gatewayModel(gateway, { provider, model: preferred ?? routes.of(provider).model });
    };
    const order = orderOf(chatOptions, modelOf);
    const attribution = mergeAttribution(
      attributionOf(options),
      currentAttribution(),
      attributionOf(chatOptions),
    );
    const travel: Travel = { chat: chatOptions, order, modelOf, attribution };
    return withAttribution(attribution, async () => {
      const found = await cache.find(travel);
      const result =
        stream === true
          ? found === undefined
            ? await fromProviders(travel, ask.stream)
            : streamOf(found)
          : (found ?? (await fromProviders(travel, ask.whole)));
      metrics.record(customMetrics, { provider: result.provider, model: result.model });
      return result;
    });
  }) as HeliconeAdapter['chat'];

  return {
    chat,
    multiProviderChat: chat,
    validateProviders: () => validateProviders({ governor, client, gateway, gatewayId, routes }),
    setBudgetLimits: (limits) => {
      checkBudgetLimits(limits);
      budgets.set(budgetLimits(limits));
    },
    configureRateLimits: (limits) => {
      checkRateLimits(limits);
      backoff = limits.backoffStrategy ?? 'exponential';
      rates.set([rateLimit(limits)]);
    },
    configureWebhooks: (webhooks) => {
      checkWebhooks(webhooks);
      return governor.on(createWebhooks({ ...webhooks, onError }));
    },
    enableCostDebugging: (debugging) => governor.on(debugCosts(debugging)),
    enableCaching: (own) => {
      checkCaching(own);
      cache.enable(own);
    },
    registerRoutingStrategy: strategies.register,
    registerCustomMetrics: metrics.register,
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
