import { randomUUID } from 'node:crypto';
import {
  type Attribution,
  anotherModelMayHelp,
  askChat,
  type CallGovernor,
  type ChatAnswer,
  type ChatClient,
  type ChatMessage,
  type ChatQuestion,
  ConfigurationError,
  chatFacts,
  currentAttribution,
  hasErrorCode,
  type Money,
  mergeAttribution,
  type Provider,
  type Usage,
  withAttribution,
} from '@genops/core';
import { createMemoryCache, type ResponseCache } from './caching/cache.ts';
import { type CacheKeyStrategy, cacheKeyOf } from './caching/cache-key.ts';
import { type CachedAnswer, readCached, writeCached } from './caching/cached-answer.ts';
import { type CostDebuggingOptions, debugCosts } from './cost-debugging.ts';
import { type CustomMetric, createCustomMetrics, type MeterLike } from './custom-metrics.ts';
import { HeliconeError, heliconeError, isOutOfCredits } from './errors.ts';
import { attributionHeaders, heliconeHeaders } from './headers.ts';
import {
  attributionOf,
  type BudgetLimits,
  budgetLimits,
  createReplaceableLimits,
  maxCost,
  type RateLimitOptions,
  rateLimit,
} from './limits.ts';
import { type GatewayKind, gatewayModel } from './model-names.ts';
import { createSelfHostedHelicone, helicone } from './provider.ts';
import { waitForRate } from './rate-backoff.ts';
import { type BuiltInStrategy, createStrategies, drawByWeight, type RoutingFunction } from './strategy.ts';
import { createWebhooks, type WebhookOptions } from './webhooks.ts';

/** One provider behind the gateway, and what routing may know of it. */
export interface HeliconeRoute {
  /** Asked for unless a call names another. */
  readonly model: string;
  /** Where it computes and stores: `eu`, `us-east-1`. */
  readonly region?: string;
  /** True when it may be used in compliance mode. */
  readonly compliant?: boolean;
  /** How good its answers are, between 0 and 1, as whoever judged them found. */
  readonly quality?: number;
}

export interface HeliconeAdapterOptions extends Attribution {
  /** Makes the calls governed: `createGovernor` of `@genops/governor`. */
  readonly governor: CallGovernor;
  /** `new OpenAI({ baseURL, apiKey })`: the gateway's address, and the Helicone key or an access token. */
  readonly client: HeliconeClient;
  /** Which gateway is at the client's address; they write models the other way round. @default 'cloud' */
  readonly gateway?: GatewayKind;
  /** The providers behind the gateway, by name: `{ openai: 'gpt-4o-mini', groq: { model, region } }`. */
  readonly routes: Readonly<Record<string, string | HeliconeRoute>>;
  /** @default 'cost_optimized' */
  readonly defaultRoutingStrategy?: BuiltInStrategy;
  /** Only providers in this region are used. @default any */
  readonly dataResidency?: string;
  /** Only compliant providers are used, Helicone keeps neither prompts nor answers, and its cache stays off. */
  readonly complianceMode?: boolean;
  /** Of one call. @default the client's own */
  readonly timeoutSeconds?: number;
  /** How often a call waits for the rate limit before it gives up. @default 3 */
  readonly retryAttempts?: number;
  /** Where custom metrics go: an OpenTelemetry meter. */
  readonly meter?: MeterLike;
  /** Takes webhook deliveries that failed. @default a process warning */
  readonly onError?: (error: unknown) => void;
  readonly random?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/** The official `openai` client. */
export interface HeliconeClient extends ChatClient {
  readonly models: { list(): PromiseLike<unknown> };
}

export interface HeliconeChatOptions extends Attribution {
  readonly message: string;
  readonly system?: string;
  /** One provider and no other. */
  readonly provider?: string;
  /** With `provider`. @default its route's */
  readonly model?: string;
  /** The providers to choose from. @default all routes */
  readonly providers?: readonly string[];
  /** Models of this call, by provider. */
  readonly modelPreferences?: Readonly<Record<string, string>>;
  /** Shares of the traffic, by provider; instead of `providers` and a strategy. */
  readonly providerPreferences?: Readonly<
    Record<string, { readonly model?: string; readonly weight: number }>
  >;
  /** A built-in strategy, or one that was registered. */
  readonly routingStrategy?: string;
  /** The most that this call may cost, in USD, as exact decimal text. */
  readonly maxCost?: string;
  /** Most tokens of the answer. */
  readonly maxTokens?: number;
  /** Lets Helicone answer from its own cache, and keep the answer so long. @default never */
  readonly cacheSeconds?: number;
  readonly customMetrics?: Readonly<Record<string, number>>;
  /** Further fields of the request, sent as they are. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface HeliconeChatResult {
  readonly text: string;
  readonly answer: ChatAnswer;
  /** As it is named in `routes`. */
  readonly provider: string;
  /** As it was asked of the gateway. */
  readonly model: string;
  readonly usage: Usage;
  /** Nothing when it came out of a cache; absent when nobody knows. */
  readonly cost?: Money;
  readonly cached?: 'helicone' | 'own';
  /** The providers in the order in which they would have been tried. */
  readonly order: readonly string[];
}

export interface CachingOptions {
  /** @default in memory */
  readonly cacheProvider?: 'memory' | ResponseCache;
  /** In seconds. */
  readonly cacheTtl: number;
  /** @default 'exact_match' */
  readonly cacheKeyStrategy?: CacheKeyStrategy;
}

export interface ProviderValidation {
  readonly provider: string;
  readonly status: 'passed' | 'failed';
  /** Why it cannot be used, with what to do about it. */
  readonly message?: string;
}

/** Helicone by the names of its guide, over real calls. */
export interface HeliconeAdapter {
  /** Asks one of the providers; when it fails, the next. @throws {HeliconeError} when none answers */
  chat(options: HeliconeChatOptions): Promise<HeliconeChatResult>;
  /** The same with the providers named: one answer, of whoever the strategy puts first. */
  multiProviderChat(
    options: HeliconeChatOptions & { readonly providers: readonly string[] },
  ): Promise<HeliconeChatResult>;
  /** Looks at the gateway and at every route. Never a billed call. */
  validateProviders(): Promise<readonly ProviderValidation[]>;
  /** Replaces the budgets set before. What they refuse is thrown as a `BudgetExceededError`. */
  setBudgetLimits(limits: BudgetLimits): void;
  /** Replaces the rate limit set before. Calls over it wait. */
  configureRateLimits(options: RateLimitOptions): void;
  /** @returns a function that ends it */
  configureWebhooks(options: Omit<WebhookOptions, 'onError'>): () => void;
  /** @returns a function that ends it */
  enableCostDebugging(options: CostDebuggingOptions): () => void;
  /** Keeps answers here, tenant by tenant. A hit costs nothing and is booked with what it avoided. */
  enableCaching(options: CachingOptions): void;
  registerRoutingStrategy(name: string, strategy: RoutingFunction): void;
  registerCustomMetrics(metrics: readonly CustomMetric[]): void;
}

/**
 * Makes an adapter: a client of Helicone's gateway that routes, limits and caches.
 *
 * @throws {ConfigurationError} when no provider is named
 */
export function instrumentHelicone(options: HeliconeAdapterOptions): HeliconeAdapter {
  const { governor, gateway = 'cloud', complianceMode = false, dataResidency } = options;
  const { retryAttempts = 3, random = Math.random, sleep = pause, timeoutSeconds } = options;
  const onError = options.onError ?? ((error) => process.emitWarning(String(error), { code: 'GENOPS' }));
  const routes = new Map(
    Object.entries(options.routes).map(([name, route]) => [
      name,
      typeof route === 'string' ? { model: route } : route,
    ]),
  );
  if (routes.size === 0) throw new ConfigurationError('routes', 'expected at least one provider');
  const record: Provider =
    gateway === 'cloud' ? helicone : createSelfHostedHelicone({ baseUrl: options.client.baseURL });
  const client = governor.wrap(options.client, { provider: record });
  const budgets = createReplaceableLimits(governor);
  const rates = createReplaceableLimits(governor);
  const strategies = createStrategies();
  const metrics = createCustomMetrics(options.meter);
  let backoff: RateLimitOptions['backoffStrategy'] = 'exponential';
  let caching: (CachingOptions & { readonly cache: ResponseCache }) | undefined;

  const routeOf = (provider: string): HeliconeRoute => {
    const route = routes.get(provider);
    if (route === undefined) {
      throw new ConfigurationError(
        'provider',
        `expected one of ${[...routes.keys()].join(', ')}, got "${provider}"`,
      );
    }
    return route;
  };
  const refusalOf = (provider: string): string | undefined => {
    const { region, compliant } = routeOf(provider);
    if (dataResidency !== undefined && region !== dataResidency) {
      return `is in ${region ?? 'no known region'}, and data has to stay in ${dataResidency}`;
    }
    return complianceMode && compliant !== true ? 'is not marked compliant' : undefined;
  };

  const orderOf = (chat: HeliconeChatOptions, modelOf: (provider: string) => string): readonly string[] => {
    const { provider, providerPreferences, message } = chat;
    const named = provider !== undefined ? [provider] : Object.keys(providerPreferences ?? {});
    const wanted = named.length > 0 ? named : (chat.providers ?? [...routes.keys()]);
    const providers = wanted.filter((name) => refusalOf(name) === undefined);
    if (providers.length === 0) {
      throw new HeliconeError(
        `No provider may be used: ${wanted.map((name) => `${name} ${refusalOf(name)}`).join('; ')}`,
      );
    }
    if (providers.length === 1) return providers;
    if (providerPreferences !== undefined) {
      const weights = providers.map((name) => [name, providerPreferences[name]?.weight ?? 0] as const);
      return drawByWeight(Object.fromEntries(weights), random());
    }
    const candidates = providers.map((name) => ({ provider: record.id, model: modelOf(name) }));
    return strategies.order({
      strategy: chat.routingStrategy ?? options.defaultRoutingStrategy ?? 'cost_optimized',
      providers,
      message,
      quality: Object.fromEntries(providers.map((name) => [name, routeOf(name).quality])),
      rank: (objective) => governor.rank({ candidates, objective, facts: chatFacts(questionOf(chat, '')) }),
      providerOf: ({ model }) =>
        providers[candidates.findIndex((candidate) => candidate.model === model)] as string,
    });
  };

  const ask = async (
    chat: HeliconeChatOptions,
    question: ChatQuestion,
    attribution: Attribution,
  ): Promise<CachedAnswer & { readonly cached?: 'helicone' }> => {
    const cacheSeconds = complianceMode ? undefined : chat.cacheSeconds;
    const headers = {
      ...attributionHeaders(attribution),
      ...heliconeHeaders({
        requestId: randomUUID(),
        cacheSeed: attribution.customerId ?? attribution.team ?? 'shared',
        ...(cacheSeconds !== undefined && { cacheSeconds }),
        ...(complianceMode && { omit: ['request', 'response'] as const }),
      }),
    };
    const send = () =>
      askChat(client, question, {
        headers,
        ...(timeoutSeconds !== undefined && { timeout: timeoutSeconds * 1000 }),
      });
    const limited = () =>
      chat.maxCost === undefined ? send() : governor.withLimits([maxCost(chat.maxCost)], send);
    const { headers: answered, ...asked } = await waitForRate(limited, {
      attempts: backoff === 'none' ? 0 : retryAttempts,
      sleep,
    });
    const isHit = answered.get('helicone-cache')?.toUpperCase() === 'HIT';
    return { ...asked, ...(isHit && { cached: 'helicone' as const }) };
  };

  const chat = async (chatOptions: HeliconeChatOptions): Promise<HeliconeChatResult> => {
    const { customMetrics = {}, modelPreferences = {}, providerPreferences = {} } = chatOptions;
    metrics.check(customMetrics);
    const modelOf = (provider: string): string => {
      const own = chatOptions.provider === provider ? chatOptions.model : undefined;
      const preferred = own ?? modelPreferences[provider] ?? providerPreferences[provider]?.model;
      return gatewayModel(gateway, { provider, model: preferred ?? routeOf(provider).model });
    };
    const order = orderOf(chatOptions, modelOf);
    const attribution = mergeAttribution(
      attributionOf(options),
      currentAttribution(),
      attributionOf(chatOptions),
    );
    return withAttribution(attribution, async () => {
      const result =
        (await fromCache(chatOptions, order, modelOf, attribution)) ??
        (await fromProviders(chatOptions, order, modelOf, attribution));
      metrics.record(customMetrics, { provider: result.provider, model: result.model });
      return result;
    });
  };

  const fromCache = async (
    chatOptions: HeliconeChatOptions,
    order: readonly string[],
    modelOf: (provider: string) => string,
    attribution: Attribution,
  ): Promise<HeliconeChatResult | undefined> => {
    if (caching === undefined) return undefined;
    for (const provider of order) {
      const model = modelOf(provider);
      const key = keyOf(caching.cacheKeyStrategy, attribution, provider, questionOf(chatOptions, model));
      const found = readCached(await caching.cache.get(key));
      if (found === undefined) continue;
      const { cost: avoided, ...answer } = found;
      const entry = await governor.recordUsage({
        provider: record.id,
        model,
        usage: {},
        ...(avoided !== undefined && { avoided }),
      });
      const cost = entry.cost.result === 'priced' ? { cost: entry.cost.total } : {};
      return { ...answer, ...cost, provider, model, cached: 'own', order };
    }
    return undefined;
  };

  const fromProviders = async (
    chatOptions: HeliconeChatOptions,
    order: readonly string[],
    modelOf: (provider: string) => string,
    attribution: Attribution,
  ): Promise<HeliconeChatResult> => {
    for (const [place, provider] of order.entries()) {
      const model = modelOf(provider);
      const question = questionOf(chatOptions, model);
      try {
        const { cached, ...answer } = await ask(chatOptions, question, attribution);
        if (caching !== undefined && cached === undefined) {
          const key = keyOf(caching.cacheKeyStrategy, attribution, provider, question);
          await caching.cache.set(key, writeCached(answer), caching.cacheTtl);
        }
        return { ...answer, provider, model, order, ...(cached !== undefined && { cached }) };
      } catch (error) {
        if (hasErrorCode(error, 'invalid_configuration')) throw error;
        const isLast = place === order.length - 1;
        if (isLast || isOutOfCredits(error) || !anotherModelMayHelp(error))
          throw heliconeError(provider, error);
      }
    }
    throw new HeliconeError('No provider was asked');
  };

  return {
    chat,
    multiProviderChat: chat,
    validateProviders: async () => {
      const unreachable = await client.models.list().then(
        () => undefined,
        (error: unknown) =>
          `the gateway does not answer: ${error instanceof Error ? error.message : String(error)}`,
      );
      const names = [...routes.keys()];
      const candidates = names.map((provider) => ({
        provider: record.id,
        model: gatewayModel(gateway, { provider, model: routeOf(provider).model }),
      }));
      const question = { model: '', messages: [{ role: 'user' as const, content: 'x' }] };
      const ranked = governor.rank({ candidates, objective: 'order', facts: chatFacts(question) });
      return names.map((provider, index): ProviderValidation => {
        const priced = ranked.find(({ model }) => model === candidates[index]?.model)?.estimatedCost;
        const unpriced =
          priced === undefined
            ? `no price is known of ${routeOf(provider).model}: add one to the price overrides`
            : undefined;
        const message = unreachable ?? refusalOf(provider) ?? unpriced;
        return message === undefined
          ? { provider, status: 'passed' }
          : { provider, status: 'failed', message };
      });
    },
    setBudgetLimits: (limits) => budgets.set(budgetLimits(limits)),
    configureRateLimits: (limits) => {
      backoff = limits.backoffStrategy ?? 'exponential';
      rates.set([rateLimit(limits)]);
    },
    configureWebhooks: (webhooks) => governor.on(createWebhooks({ ...webhooks, onError })),
    enableCostDebugging: (debugging) => governor.on(debugCosts(debugging)),
    enableCaching: (own) => {
      const { cacheProvider = 'memory' } = own;
      caching = { ...own, cache: cacheProvider === 'memory' ? createMemoryCache() : cacheProvider };
    },
    registerRoutingStrategy: strategies.register,
    registerCustomMetrics: metrics.register,
  };
}

function questionOf(
  { message, system, maxTokens, parameters }: HeliconeChatOptions,
  model: string,
): ChatQuestion {
  const messages: ChatMessage[] = [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user', content: message },
  ];
  return {
    model,
    messages,
    ...(maxTokens !== undefined && { maxTokens }),
    ...(parameters !== undefined && { parameters }),
  };
}

function keyOf(
  strategy: CacheKeyStrategy = 'exact_match',
  attribution: Attribution,
  provider: string,
  question: ChatQuestion,
): string {
  return cacheKeyOf(strategy, attribution, provider, question);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
