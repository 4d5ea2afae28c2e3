import type { Attribution, CallGovernor, ChatAnswer, ChatClient, Money, Usage } from '@genops/core';
import type { ResponseCache } from './caching/cache.ts';
import type { CacheKeyStrategy } from './caching/cache-key.ts';
import type { CostDebuggingOptions } from './cost-debugging.ts';
import type { CustomMetric, MeterLike } from './custom-metrics.ts';
import type { BudgetLimits, RateLimitOptions } from './limits.ts';
import type { GatewayKind } from './model-names.ts';
import type { BuiltInStrategy, RoutingFunction } from './strategy.ts';
import type { HeliconeChatStream } from './streaming/chat-stream.ts';
import type { WebhookOptions } from './webhooks.ts';

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

/** For whom calls are; the key of a proxy's caller is the proxy's to say. */
export type HeliconeAttribution = Omit<Attribution, 'keyId'>;

export interface HeliconeAdapterOptions extends HeliconeAttribution {
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

export interface HeliconeChatOptions extends HeliconeAttribution {
  readonly message: string;
  readonly system?: string;
  /** One provider and no other; instead of `providers`, shares and a strategy. */
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
  /** With `providerPreferences`: who is asked when the one drawn fails. @default the heaviest first */
  readonly fallbackStrategy?: string;
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

/** A whole answer, or with `stream: true` one that comes piece by piece. Another provider is tried until it begins. */
export interface HeliconeChat<Options> {
  (options: Options & { readonly stream: true }): Promise<HeliconeChatStream>;
  (options: Options & { readonly stream?: false }): Promise<HeliconeChatResult>;
}

/** Helicone by the names of its guide, over real calls. */
export interface HeliconeAdapter {
  /** Asks one of the providers; when it fails, the next. @throws {HeliconeError} when none answers */
  readonly chat: HeliconeChat<HeliconeChatOptions>;
  /** The same with the providers named: one answer, of whoever the strategy puts first. */
  readonly multiProviderChat: HeliconeChat<HeliconeChatOptions & { readonly providers: readonly string[] }>;
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
