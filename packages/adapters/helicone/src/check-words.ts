import { ConfigurationError, checkOneOf, describe } from '@genops/core';
import type { CachingOptions, HeliconeChatOptions } from './helicone-adapter.ts';
import type { BudgetLimits, RateLimitOptions } from './limits.ts';
import type { GatewayKind } from './model-names.ts';
import type { WebhookOptions } from './webhooks.ts';

/**
 * Refuses a call with words that would do nothing beside one another, or for providers that it does not ask.
 *
 * @throws {ConfigurationError} naming the first
 */
export function checkChat(chat: HeliconeChatOptions, routes: readonly string[]): void {
  const { provider, model, providers, routingStrategy, providerPreferences, fallbackStrategy } = chat;
  if (model !== undefined && provider === undefined)
    throw new ConfigurationError('model', 'expected `provider` beside it, or `modelPreferences` instead');
  if (fallbackStrategy !== undefined && providerPreferences === undefined)
    throw new ConfigurationError('fallbackStrategy', 'expected `providerPreferences` beside it');
  if (providers?.length === 0) throw new ConfigurationError('providers', 'expected at least one');
  const choices = { provider, providerPreferences, providers };
  const chosen = Object.entries(choices).filter(([, value]) => value !== undefined);
  if (chosen.length > 1)
    throw new ConfigurationError(
      String(chosen[1]?.[0]),
      `expected one of ${chosen.map(([name]) => name).join(' and ')}, not both`,
    );
  if (routingStrategy !== undefined && providers === undefined && chosen.length > 0)
    throw new ConfigurationError('routingStrategy', `chooses nothing beside \`${chosen[0]?.[0]}\``);
  for (const name of Object.keys(chat.modelPreferences ?? {})) {
    if (!routes.includes(name))
      throw new ConfigurationError(
        `modelPreferences.${name}`,
        `expected one of ${routes.join(', ')} as its name`,
      );
  }
  const weights = Object.entries(providerPreferences ?? {});
  for (const [name, { weight }] of weights)
    atLeast(`providerPreferences.${name}.weight`, weight, Number.isFinite(weight) && weight >= 0, 'zero');
  if (weights.length > 0 && weights.every(([, { weight }]) => weight === 0))
    throw new ConfigurationError('providerPreferences', 'expected a weight above zero');
  if (chat.cacheSeconds !== undefined) seconds('cacheSeconds', chat.cacheSeconds);
}

/** @throws {ConfigurationError} for a word that is none, and a rate at which nothing ever goes out */
export function checkRateLimits({
  backoffStrategy,
  requestsPerMinute,
  burstAllowance = 1,
}: RateLimitOptions): void {
  for (const [name, value] of Object.entries({ requestsPerMinute, burstAllowance }))
    atLeast(name, value, Number.isFinite(value) && value >= 1, 'one');
  checkOneOf('backoffStrategy', backoffStrategy, ['exponential', 'none']);
}

/** @throws {ConfigurationError} for a word that is none, and for a store that has to be made first */
export function checkCaching({ cacheProvider, cacheTtl, cacheKeyStrategy }: CachingOptions): void {
  checkOneOf('cacheKeyStrategy', cacheKeyStrategy, ['exact_match', 'content_hash']);
  seconds('cacheTtl', cacheTtl);
  const isStore = typeof cacheProvider === 'object' && typeof cacheProvider.get === 'function';
  if (cacheProvider !== undefined && cacheProvider !== 'memory' && !isStore)
    throw new ConfigurationError(
      'cacheProvider',
      `expected memory, createDiskCache(directory) or createRedisCache(client), got ${describe(cacheProvider)}`,
    );
}

const budgetWords: Readonly<Record<keyof BudgetLimits, true>> = {
  dailyLimit: true,
  monthlyLimit: true,
  perTeamLimits: true,
};

/** @throws {ConfigurationError} for a word that is none: the budget that it means would bind nobody */
export function checkBudgetLimits(limits: BudgetLimits): void {
  const unknown = Object.keys(limits).find((name) => !Object.hasOwn(budgetWords, name));
  if (unknown !== undefined)
    throw new ConfigurationError(unknown, `not one of ${Object.keys(budgetWords).join(', ')}`);
}

/** @throws {ConfigurationError} for a gateway that nobody knows */
export function checkGateway(gateway: GatewayKind): void {
  checkOneOf('gateway', gateway, ['cloud', 'self-hosted']);
}

/**
 * Refuses triggers that nobody would hear of.
 *
 * @throws {ConfigurationError} naming the first
 */
export function checkWebhooks(options: Omit<WebhookOptions, 'onError'>): void {
  const { triggers, costAlertWebhook, performanceWebhook, deliver } = options;
  const { highCost, slowResponse, errorRate } = triggers;
  checkOneOf('triggers.highCost.timeframe', highCost?.timeframe, ['hourly', 'daily']);
  for (const [name, url] of Object.entries({ costAlertWebhook, performanceWebhook })) {
    if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw new ConfigurationError(name, `expected an http or https address, got ${describe(url)}`);
  }
  if (deliver !== undefined) return;
  if (highCost !== undefined && costAlertWebhook === undefined)
    throw new ConfigurationError('costAlertWebhook', 'expected one for `triggers.highCost`, or `deliver`');
  if ((slowResponse ?? errorRate) !== undefined && performanceWebhook === undefined)
    throw new ConfigurationError(
      'performanceWebhook',
      'expected one for `triggers.slowResponse` and `triggers.errorRate`, or `deliver`',
    );
}

function seconds(path: string, value: number): void {
  atLeast(path, value, Number.isSafeInteger(value) && value > 0, 'one, in whole seconds');
}

function atLeast(path: string, value: unknown, holds: boolean, least: string): void {
  if (!holds)
    throw new ConfigurationError(path, `expected a number, at least ${least}; got ${describe(value)}`);
}
