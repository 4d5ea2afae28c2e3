import { randomUUID } from 'node:crypto';
import {
  type Attribution,
  anotherModelMayHelp,
  askChat,
  type ChatMessage,
  type ChatQuestion,
  type ChatRequestOptions,
  ConfigurationError,
  chatFacts,
  currentAttribution,
  hasErrorCode,
  mergeAttribution,
  type Provider,
  withAttribution,
} from '@genops/core';
import { createMemoryCache, type ResponseCache } from './caching/cache.ts';
import { type CacheKeyStrategy, cacheKeyOf } from './caching/cache-key.ts';
import { type CachedAnswer, readCached, writeCached } from './caching/cached-answer.ts';
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
import { HeliconeError, heliconeError, isOutOfCredits } from './errors.ts';
import { attributionHeaders, heliconeHeaders } from './headers.ts';
import type {
  CachingOptions,
  HeliconeAdapter,
  HeliconeAdapterOptions,
  HeliconeChatOptions,
  HeliconeChatResult,
  HeliconeRoute,
  ProviderValidation,
} from './helicone-adapter.ts';
import {
  attributionOf,
  budgetLimits,
  createReplaceableLimits,
  maxCost,
  type RateLimitOptions,
  rateLimit,
} from './limits.ts';
import { gatewayModel } from './model-names.ts';
import { createSelfHostedHelicone, helicone } from './provider.ts';
import { waitForRate } from './rate-backoff.ts';
import { createStrategies, drawByWeight } from './strategy.ts';
import {
  type HeliconeChatStream,
  type ReadStream,
  readWords,
  type WordReader,
} from './streaming/chat-stream.ts';
import { openStream } from './streaming/open-stream.ts';
import { listenForSettlement, type Settled } from './streaming/settlements.ts';
import { createWebhooks } from './webhooks.ts';

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
  checkGateway(gateway);
  // One of one's own is registered later: it is named on the calls that want it.
  if (options.defaultRoutingStrategy !== undefined) strategies.check(options.defaultRoutingStrategy);
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
    const ordered = (strategy: string, names: readonly string[]): readonly string[] => {
      const candidates = names.map((name) => ({ provider: record.id, model: modelOf(name) }));
      return strategies.order({
        strategy,
        providers: names,
        message,
        quality: Object.fromEntries(names.map((name) => [name, routeOf(name).quality])),
        rank: (objective) => governor.rank({ candidates, objective, facts: chatFacts(questionOf(chat, '')) }),
        providerOf: ({ model }) =>
          names[candidates.findIndex((candidate) => candidate.model === model)] as string,
      });
    };
    if (providerPreferences === undefined)
      return ordered(chat.routingStrategy ?? options.defaultRoutingStrategy ?? 'cost_optimized', providers);
    const weights = providers.map((name) => [name, providerPreferences[name]?.weight ?? 0] as const);
    const [drawn = '', ...others] = drawByWeight(Object.fromEntries(weights), random());
    return [
      drawn,
      ...(chat.fallbackStrategy === undefined || others.length < 2
        ? others
        : ordered(chat.fallbackStrategy, others)),
    ];
  };

  const requestOptions = (chat: HeliconeChatOptions, attribution: Attribution): ChatRequestOptions => {
    const cacheSeconds = complianceMode ? undefined : chat.cacheSeconds;
    return {
      headers: {
        ...attributionHeaders(attribution),
        ...heliconeHeaders({
          requestId: randomUUID(),
          cacheSeed: attribution.customerId ?? attribution.team ?? 'shared',
          ...(cacheSeconds !== undefined && { cacheSeconds }),
          ...(complianceMode && { omit: ['request', 'response'] as const }),
        }),
      },
      ...(timeoutSeconds !== undefined && { timeout: timeoutSeconds * 1000 }),
    };
  };
  /** Within what this call may cost, and after waiting for the rate limit. */
  const within = <Answer>(chat: HeliconeChatOptions, send: () => Promise<Answer>): Promise<Answer> =>
    waitForRate(
      () => (chat.maxCost === undefined ? send() : governor.withLimits([maxCost(chat.maxCost)], send)),
      { attempts: backoff === 'none' ? 0 : retryAttempts, sleep },
    );

  const askWhole = async (
    travel: Travel,
    question: ChatQuestion,
    provider: string,
  ): Promise<Omit<HeliconeChatResult, keyof Placed>> => {
    const options = requestOptions(travel.chat, travel.attribution);
    const { headers, ...answer } = await within(travel.chat, () => askChat(client, question, options));
    const cached = cachedBy(headers);
    if (cached.cached === undefined) await remember(travel, provider, question, answer);
    return { ...answer, ...cached };
  };

  const askStream = async (
    travel: Travel,
    question: ChatQuestion,
    provider: string,
  ): Promise<Omit<HeliconeChatStream, keyof Placed>> => {
    const settlement = listenForSettlement(governor);
    const abort = new AbortController();
    try {
      const { chunks, headers } = await within(travel.chat, () =>
        openStream(client, question, {
          ...requestOptions(travel.chat, travel.attribution),
          signal: abort.signal,
        }),
      );
      settlement.of(headers.get('x-genops-request-id'));
      const cached = cachedBy(headers);
      const { promise: ended, resolve } = Promise.withResolvers<ReadStream>();
      const words = readWords({
        chunks,
        abort: () => abort.abort(),
        broken: (error) => heliconeError(provider, error),
        onEnd: resolve,
      });
      return letGoOf(words, {
        ended: ended.then(async ({ id, text, complete }) => {
          const { usage = {}, cost }: Settled = await settlement.settled();
          if (complete && cached.cached === undefined) {
            const answer = { id, model: question.model, choices: [{ message: { content: text } }] };
            const kept = { text, answer, usage, ...(cost !== undefined && { cost }) };
            await remember(travel, provider, question, kept).catch(onError);
          }
          return { text, usage, complete, ...(cost !== undefined && { cost }) };
        }),
        ...cached,
      });
    } catch (error) {
      settlement.end();
      throw error;
    }
  };

  const chat = (async (chatOptions: HeliconeChatOptions & { readonly stream?: boolean }) => {
    const { customMetrics = {}, modelPreferences = {}, providerPreferences = {}, stream } = chatOptions;
    checkChat(chatOptions, [...routes.keys()]);
    for (const name of [chatOptions.routingStrategy, chatOptions.fallbackStrategy])
      if (name !== undefined) strategies.check(name);
    metrics.check(customMetrics);
    if (chatOptions.parameters?.['stream'] !== undefined)
      throw new ConfigurationError('parameters.stream', 'expected `stream` beside `message` instead');
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
    const travel: Travel = { chat: chatOptions, order, modelOf, attribution };
    return withAttribution(attribution, async () => {
      const found = await fromCache(travel);
      const result =
        stream === true
          ? found === undefined
            ? await fromProviders(travel, askStream)
            : streamOf(found)
          : (found ?? (await fromProviders(travel, askWhole)));
      metrics.record(customMetrics, { provider: result.provider, model: result.model });
      return result;
    });
  }) as HeliconeAdapter['chat'];

  const fromCache = async ({
    chat: chatOptions,
    order,
    modelOf,
    attribution,
  }: Travel): Promise<HeliconeChatResult | undefined> => {
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

  const remember = async (
    { attribution }: Travel,
    provider: string,
    question: ChatQuestion,
    answer: CachedAnswer,
  ): Promise<void> => {
    if (caching === undefined) return;
    const key = keyOf(caching.cacheKeyStrategy, attribution, provider, question);
    await caching.cache.set(key, writeCached(answer), caching.cacheTtl);
  };

  /** Asks one provider after the other until one answers. */
  const fromProviders = async <Answer>(
    travel: Travel,
    ask: (travel: Travel, question: ChatQuestion, provider: string) => Promise<Answer>,
  ): Promise<Answer & Placed> => {
    const { order, modelOf } = travel;
    for (const [place, provider] of order.entries()) {
      const model = modelOf(provider);
      try {
        return { ...(await ask(travel, questionOf(travel.chat, model), provider)), provider, model, order };
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
      const { cacheProvider = 'memory' } = own;
      caching = { ...own, cache: cacheProvider === 'memory' ? createMemoryCache() : cacheProvider };
    },
    registerRoutingStrategy: strategies.register,
    registerCustomMetrics: metrics.register,
  };
}

/** One call on its way through the providers. */
interface Travel {
  readonly chat: HeliconeChatOptions;
  readonly order: readonly string[];
  readonly modelOf: (provider: string) => string;
  readonly attribution: Attribution;
}

/** Where an answer came from. */
type Placed = Pick<HeliconeChatResult, 'provider' | 'model' | 'order'>;

function cachedBy(headers: Headers): { readonly cached?: 'helicone' } {
  return headers.get('helicone-cache')?.toUpperCase() === 'HIT' ? { cached: 'helicone' } : {};
}

/** An answer out of a cache, in one piece. */
function streamOf({ text, usage, cost, ...placed }: HeliconeChatResult): HeliconeChatStream {
  const { provider, model, order, cached } = placed;
  const end = { text, usage, complete: true, ...(cost !== undefined && { cost }) };
  async function* words(): AsyncGenerator<string, undefined> {
    if (text !== '') yield text;
    return undefined;
  }
  const reading = words();
  const reader: WordReader = { next: () => reading.next(), return: () => reading.return(undefined) };
  return letGoOf(reader, {
    provider,
    model,
    order,
    ...(cached !== undefined && { cached }),
    ended: Promise.resolve(end),
  });
}

/** Puts beside the rest of a stream what it is read with and let go of. */
function letGoOf<Rest extends Pick<HeliconeChatStream, 'ended'>>(
  words: WordReader,
  rest: Rest,
): Rest & Pick<HeliconeChatStream, 'cancel' | typeof Symbol.asyncIterator | typeof Symbol.asyncDispose> {
  const cancel = async (): Promise<void> => {
    await words.return();
    await rest.ended;
  };
  return { ...rest, cancel, [Symbol.asyncIterator]: () => words, [Symbol.asyncDispose]: cancel };
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
