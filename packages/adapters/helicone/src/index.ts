export { instrumentHelicone } from './adapter.ts';
export type { RedisLike, ResponseCache } from './caching/cache.ts';
export { createMemoryCache, createRedisCache } from './caching/cache.ts';
export type { CacheKeyStrategy } from './caching/cache-key.ts';
export { createDiskCache } from './caching/disk-cache.ts';
export type { ClientCredentialsOptions } from './client-credentials.ts';
export { createClientCredentials } from './client-credentials.ts';
export type { CostDebuggingOptions, CostFinding } from './cost-debugging.ts';
export type {
  CompareOptions,
  CostComparison,
  MigrationEstimate,
  MigrationOptions,
} from './cost-intelligence.ts';
export { compareProviderCosts, estimateMigrationCosts } from './cost-intelligence.ts';
export type { CostTracker, CostTrackingOptions, ProviderCostSummary } from './cost-tracking.ts';
export { multiProviderCostTracking } from './cost-tracking.ts';
export type { CustomMetric, MeterLike } from './custom-metrics.ts';
export { BudgetExceededError, HeliconeError, ProviderError } from './errors.ts';
export type { HeliconeHeaderOptions } from './headers.ts';
export { attributionHeaders, heliconeHeaders } from './headers.ts';
export type {
  CachingOptions,
  HeliconeAdapter,
  HeliconeAdapterOptions,
  HeliconeAttribution,
  HeliconeChat,
  HeliconeChatOptions,
  HeliconeChatResult,
  HeliconeClient,
  HeliconeRoute,
  ProviderValidation,
} from './helicone-adapter.ts';
export type { BudgetLimits, RateLimitOptions } from './limits.ts';
export type { GatewayKind } from './model-names.ts';
export type { HeliconeProxyOptions } from './provider.ts';
export { createHelicone, createHeliconeProxy, createSelfHostedHelicone, helicone } from './provider.ts';
export type { BuiltInStrategy, RoutingFunction } from './strategy.ts';
export type { HeliconeChatStream, HeliconeStreamEnd } from './streaming/chat-stream.ts';
export type { WebhookOccurrence, WebhookOptions } from './webhooks.ts';
