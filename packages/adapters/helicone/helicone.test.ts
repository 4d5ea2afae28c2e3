import { createHmac } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { amountOf, type LedgerEntry, type Money, withAttribution } from '@genops/core';
import { createGovernor, type Governor, type GovernorOptions } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  BudgetExceededError,
  type CostFinding,
  compareProviderCosts,
  createClientCredentials,
  createDiskCache,
  createHeliconeProxy,
  createMemoryCache,
  createSelfHostedHelicone,
  estimateMigrationCosts,
  type HeliconeAdapter,
  type HeliconeAdapterOptions,
  HeliconeError,
  helicone,
  instrumentHelicone,
  multiProviderCostTracking,
  ProviderError,
  type WebhookOccurrence,
} from './src/index.ts';

let upstream: FakeUpstream;
let governor: Governor;
const errors: unknown[] = [];
const directories: string[] = [];

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'genops-cache-'));
  directories.push(directory);
  return directory;
}

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  upstream.reset();
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
  expect(errors.splice(0)).toEqual([]);
});

/** 1000 in, 100 out: gpt-4o-mini 0.00021, gpt-4o 0.0035, claude-3-haiku 0.000375. */
const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };

function start(
  options: Partial<HeliconeAdapterOptions> = {},
  governorOptions: Partial<GovernorOptions> = {},
): HeliconeAdapter {
  governor = createGovernor({
    providers: [options.gateway === 'self-hosted' ? createSelfHostedHelicone() : helicone],
    ledger: createMemoryLedger(),
    onError: (error) => errors.push(error),
    ...governorOptions,
  });
  upstream.setReply({ usage, text: 'Gladly.' });
  return instrumentHelicone({
    governor,
    client: new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }),
    routes: { openai: 'gpt-4o-mini', anthropic: 'claude-3-haiku-20240307' },
    team: 'ai-platform',
    environment: 'production',
    onError: (error) => errors.push(error),
    ...options,
  });
}

const inText = (value: Money | undefined): string | undefined => value && amountOf(value);
const modelsAsked = (): unknown[] => upstream.requests.map(({ json }) => (json as { model: string }).model);
async function entries(): Promise<readonly LedgerEntry[]> {
  return (await governor.ledger.entries()).entries;
}

describe('chat', () => {
  it('asks the gateway for the provider, and says what it cost', async () => {
    const adapter = start();
    const result = await adapter.chat({
      message: 'Explain quantum computing',
      provider: 'openai',
      model: 'gpt-4o',
      team: 'research-team',
      project: 'quantum-ai',
      customerId: 'customer_123',
      maxTokens: 200,
    });
    expect(result).toMatchObject({ text: 'Gladly.', provider: 'openai', model: 'gpt-4o/openai' });
    expect(inText(result.cost)).toBe('0.0035');
    expect(upstream.requests[0]?.json).toEqual({
      model: 'gpt-4o/openai',
      messages: [{ role: 'user', content: 'Explain quantum computing' }],
      max_completion_tokens: 200,
    });
    expect((await entries())[0]).toMatchObject({
      provider: 'helicone',
      attribution: {
        team: 'research-team',
        project: 'quantum-ai',
        customerId: 'customer_123',
        environment: 'production',
      },
    });
  });

  it('sends one header for each property, and no cache header unless asked', async () => {
    const adapter = start({ tags: { experiment_id: 'exp-1' } });
    await withAttribution({ userId: 'user-7', sessionId: 's-1', workflow: 'support' }, () =>
      adapter.chat({ message: 'x', provider: 'openai', costCenter: 'Forschung Süd' }),
    );
    const { headers } = upstream.requests[0] ?? {};
    expect(headers).toMatchObject({
      'helicone-property-team': 'ai-platform',
      'helicone-property-environment': 'production',
      'helicone-property-cost-center': 'Forschung%20S%C3%BCd',
      'helicone-property-experiment-id': 'exp-1',
      'helicone-user-id': 'user-7',
      'helicone-session-id': 's-1',
      'helicone-session-name': 'support',
      'helicone-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const names = Object.keys(headers ?? {});
    expect(names.filter((name) => /cache|x-genops|governance/.test(name))).toEqual([]);
  });

  it('writes models the other way round for a gateway of one’s own', async () => {
    const adapter = start({ gateway: 'self-hosted' });
    const { model, cost } = await adapter.chat({ message: 'x', provider: 'anthropic' });
    expect(model).toBe('anthropic/claude-3-haiku-20240307');
    expect(inText(cost)).toBe('0.000375');
  });

  it('charges what the host lists that really served', async () => {
    const adapter = start();
    upstream.setReply({
      usage,
      headers: {
        'Helicone-Provider': 'azure',
        'Helicone-Model': 'gpt-4o',
        'Helicone-Gateway-Mode': 'PTB',
        'Helicone-Fallback-Index': '1',
      },
    });
    await adapter.chat({ message: 'x', provider: 'openai', model: 'gpt-4o-mini' });
    const [entry] = await entries();
    expect(entry?.gateway).toEqual({ hostProvider: 'azure', strategy: 'ptb', fallbackUsed: true });
    expect(entry?.cost).toMatchObject({ price: { id: expect.stringMatching(/^azure\//) } });
  });

  it('goes into the session and the workflow that the call names', async () => {
    const adapter = start({ workflow: 'support' });
    await adapter.chat({ message: 'x', provider: 'openai', sessionId: 's-2' });
    expect((await entries())[0]?.attribution).toMatchObject({ sessionId: 's-2', workflow: 'support' });
    expect(upstream.requests[0]?.headers).toMatchObject({
      'helicone-session-id': 's-2',
      'helicone-session-name': 'support',
    });
  });

  it.each([
    [{ model: 'gpt-4o' }, 'model: expected `provider` beside it'],
    [{ fallbackStrategy: 'failover' }, 'fallbackStrategy: expected `providerPreferences`'],
    [{ providers: ['openai'], routingStrategy: 'best' }, 'got "best"'],
    [{ providers: [] }, 'providers: expected at least one'],
    [{ provider: 'openai', providers: ['openai'] }, 'providers: expected one of provider and providers'],
    [{ provider: 'openai', routingStrategy: 'failover' }, 'routingStrategy: chooses nothing'],
    [{ modelPreferences: { groq: 'x' } }, 'modelPreferences.groq: expected one of openai, anthropic'],
    [{ providerPreferences: { openai: { weight: -1 } } }, 'providerPreferences.openai.weight'],
    [{ providerPreferences: { openai: { weight: 0 } } }, 'expected a weight above zero'],
    [{ cacheSeconds: 0.5 }, 'cacheSeconds: expected a number, at least one'],
  ])('refuses %j, which would do nothing or something else', async (words, message) => {
    const adapter = start();
    await expect(adapter.chat({ message: 'x', ...words })).rejects.toThrow(message);
    expect(upstream.requests).toHaveLength(0);
  });

  it('goes on to another provider when one is longer than the time-out, and books both', async () => {
    const adapter = start({ timeoutSeconds: 0.3 });
    upstream.addRule({ when: { model: 'gpt-4o-mini/openai' }, reply: { delayMs: 5_000 } });
    const begin = performance.now();
    const { provider } = await adapter.multiProviderChat({
      message: 'x',
      providers: ['openai', 'anthropic'],
      routingStrategy: 'failover',
    });
    expect(provider).toBe('anthropic');
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect((await entries()).map(({ requestModel, outcome }) => [requestModel, outcome])).toEqual([
      ['gpt-4o-mini/openai', 'cancelled'],
      ['claude-3-haiku-20240307/anthropic', 'completed'],
    ]);
  });

  it('refuses a provider that has no route', async () => {
    const adapter = start();
    await expect(adapter.chat({ message: 'x', provider: 'groq' })).rejects.toThrow(
      'provider: expected one of openai, anthropic, got "groq"',
    );
  });
});

describe('strategies', () => {
  const routes = {
    openai: { model: 'gpt-4o', quality: 0.9 },
    anthropic: { model: 'claude-3-haiku-20240307', quality: 0.6 },
    groq: { model: 'llama-3.1-8b-instant', quality: 0.3 },
  };
  const message = 'Name three rivers.';

  it('cost_optimized asks the cheapest for this very message', async () => {
    const { provider, order } = await start({ routes }).chat({ message, routingStrategy: 'cost_optimized' });
    expect(provider).toBe('groq');
    expect(order).toEqual(['groq', 'anthropic', 'openai']);
  });

  it('failover goes on in the order given, and books every attempt', async () => {
    const adapter = start({ routes });
    upstream.addRule({ when: { model: 'gpt-4o/openai' }, reply: { status: 503 } });
    const { provider } = await adapter.multiProviderChat({
      message,
      providers: ['openai', 'anthropic', 'groq'],
      routingStrategy: 'failover',
    });
    expect(provider).toBe('anthropic');
    // The first place is asked again before the next one.
    const outcomes = (await entries()).map(({ outcome }) => outcome);
    expect(outcomes).toHaveLength(upstream.requests.length);
    expect(outcomes.at(-1)).toBe('completed');
    expect(new Set(outcomes.slice(0, -1))).toEqual(new Set(['failed']));
  });

  it('performance_optimized asks whoever was fastest', async () => {
    const adapter = start({ routes });
    upstream.addRule({ when: { model: 'gpt-4o/openai' }, reply: { usage, delayMs: 60 } });
    for (let call = 0; call < 3; call += 1) {
      for (const provider of ['openai', 'anthropic', 'groq']) await adapter.chat({ message, provider });
    }
    const { order } = await adapter.chat({ message, routingStrategy: 'performance_optimized' });
    expect(order.at(-1)).toBe('openai');
  });

  it('quality_optimized asks the best as judged, once, and refuses to guess', async () => {
    const adapter = start({ routes: { ...routes, azure: 'gpt-4o' } });
    const providers = ['groq', 'anthropic', 'openai'];
    const { order } = await adapter.chat({ message, providers, routingStrategy: 'quality_optimized' });
    expect(order).toEqual(['openai', 'anthropic', 'groq']);
    expect(upstream.requests).toHaveLength(1);
    await expect(adapter.chat({ message, routingStrategy: 'quality_optimized' })).rejects.toThrow(
      /routes.azure.quality/,
    );
  });

  it('round_robin takes turns', async () => {
    const adapter = start({ routes });
    for (let call = 0; call < 4; call += 1) await adapter.chat({ message, routingStrategy: 'round_robin' });
    expect(modelsAsked()).toEqual([
      'gpt-4o/openai',
      'claude-3-haiku-20240307/anthropic',
      'llama-3.1-8b-instant/groq',
      'gpt-4o/openai',
    ]);
  });

  it('takes one’s own, and refuses names that nobody registered', async () => {
    const adapter = start({ routes });
    adapter.registerRoutingStrategy('night', (providers, text) =>
      text.split(' ').length > 2 ? 'anthropic' : (providers[0] as string),
    );
    expect((await adapter.chat({ message, routingStrategy: 'night' })).provider).toBe('anthropic');
    await expect(adapter.chat({ message, routingStrategy: 'day' })).rejects.toThrow(
      /round_robin.*night, got "day"/,
    );
    expect(() => adapter.registerRoutingStrategy('failover', () => 'openai')).toThrow(/built in/);
    adapter.registerRoutingStrategy('lost', () => 'mars');
    await expect(adapter.chat({ message, routingStrategy: 'lost' })).rejects.toThrow(/got mars/);
  });

  it('draws by weight, and falls back to the others', async () => {
    const draws = [0.1, 0.69, 0.71, 0.99];
    const adapter = start({ routes, random: () => draws.shift() ?? 0 });
    const providerPreferences = {
      openai: { model: 'gpt-4o-mini', weight: 0.7 },
      anthropic: { weight: 0.3 },
    };
    const drawn: string[] = [];
    for (let call = 0; call < 4; call += 1) {
      drawn.push((await adapter.chat({ message, providerPreferences })).provider);
    }
    expect(drawn).toEqual(['openai', 'openai', 'anthropic', 'anthropic']);
    upstream.addRule({ when: { model: 'gpt-4o-mini/openai' }, reply: { status: 500 } });
    expect((await adapter.chat({ message, providerPreferences })).provider).toBe('anthropic');
  });

  it('goes on as the fallback strategy says when the one that was drawn fails', async () => {
    const three = { openai: 'gpt-4o', anthropic: 'claude-3-haiku-20240307', groq: 'llama-3.1-8b-instant' };
    const adapter = start({ routes: three, random: () => 0 });
    upstream.addRule({ when: { model: 'gpt-4o/openai' }, reply: { status: 500 } });
    const providerPreferences = { openai: { weight: 3 }, anthropic: { weight: 2 }, groq: { weight: 1 } };
    const order = async (fallbackStrategy?: string) =>
      (await adapter.chat({ message, providerPreferences, ...(fallbackStrategy && { fallbackStrategy }) }))
        .order;
    expect(await order()).toEqual(['openai', 'anthropic', 'groq']);
    expect(await order('cost_optimized')).toEqual(['openai', 'groq', 'anthropic']);
    await expect(order('nobody')).rejects.toThrow(/nobody/);
  });
});

describe('errors', () => {
  it('names the last provider when none answers', async () => {
    const adapter = start();
    upstream.setReply({ status: 503, error: { message: 'Overloaded' } });
    const failure = await adapter
      .chat({ message: 'x', providers: ['openai', 'anthropic'], routingStrategy: 'failover' })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProviderError);
    expect(failure).toBeInstanceOf(HeliconeError);
    expect(failure).toMatchObject({
      provider: 'anthropic',
      status: 503,
      errorMessage: expect.stringContaining('Overloaded'),
      cause: { status: 503 },
    });
    expect(new Set(upstream.requests.map(({ json }) => (json as { model: string }).model)).size).toBe(2);
  });

  it('asks nobody else when the wallet is empty: a 429 that waiting does not help', async () => {
    const adapter = start();
    upstream.setReply({ status: 429, error: { message: 'Insufficient credits', type: 'request_failed' } });
    await expect(adapter.chat({ message: 'x' })).rejects.toThrow(/no credits left/);
    expect(upstream.requests).toHaveLength(1);
  });

  it('asks nobody else when the request is bad', async () => {
    const adapter = start();
    upstream.setReply({ status: 400, error: { message: 'Bad schema' } });
    await expect(adapter.chat({ message: 'x' })).rejects.toThrow(ProviderError);
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('setBudgetLimits', () => {
  it('refuses before anything is sent, with the numbers on the error', async () => {
    const adapter = start();
    adapter.setBudgetLimits({
      dailyLimit: '100',
      monthlyLimit: '2500',
      perTeamLimits: { research: '0.0003' },
    });
    const ask = () => adapter.chat({ message: 'x', provider: 'openai', team: 'research', maxTokens: 100 });
    await ask();
    const failure = await ask().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BudgetExceededError);
    const { limitId, currentUsage, budgetLimit, resetsAt, message } = failure as BudgetExceededError;
    expect([limitId, inText(currentUsage), inText(budgetLimit)]).toEqual([
      'team.research.monthly',
      '0.00021',
      '0.0003',
    ]);
    expect(resetsAt).toMatch(/^\d{4}-\d\d-01T00:00:00/);
    expect(message).toContain('team.research.monthly');
    expect(upstream.requests).toHaveLength(1);
    await adapter.chat({ message: 'x', provider: 'openai' });
  });

  it('replaces what was set before', async () => {
    const adapter = start();
    adapter.setBudgetLimits({ dailyLimit: '0.0000001' });
    await expect(adapter.chat({ message: 'x' })).rejects.toThrow(BudgetExceededError);
    adapter.setBudgetLimits({ dailyLimit: '1' });
    await adapter.chat({ message: 'x' });
  });
});

describe('maxCost', () => {
  it('goes to a provider that it has room for', async () => {
    const adapter = start({ routes: { openai: 'gpt-4o', anthropic: 'claude-3-haiku-20240307' } });
    const { provider } = await adapter.chat({
      message: 'x',
      providers: ['openai', 'anthropic'],
      routingStrategy: 'failover',
      maxCost: '0.0005',
      maxTokens: 100,
    });
    expect(provider).toBe('anthropic');
    expect(modelsAsked()).toEqual(['claude-3-haiku-20240307/anthropic']);
  });

  it('refuses when nobody has', async () => {
    const adapter = start();
    await expect(adapter.chat({ message: 'x', maxCost: '0.0000001' })).rejects.toThrow(BudgetExceededError);
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('configureRateLimits', () => {
  it('lets a burst through, has the rest wait ever longer, and gives up in the end', async () => {
    const pauses: number[] = [];
    const adapter = start({
      retryAttempts: 2,
      sleep: async (milliseconds) => void pauses.push(milliseconds),
    });
    adapter.configureRateLimits({ requestsPerMinute: 6, burstAllowance: 2, backoffStrategy: 'exponential' });
    await adapter.chat({ message: 'a' });
    await adapter.chat({ message: 'b' });
    await expect(adapter.chat({ message: 'c', provider: 'openai' })).rejects.toMatchObject({ status: 429 });
    expect(pauses).toHaveLength(2);
    expect(pauses[0]).toBeGreaterThan(5_000);
    expect(upstream.requests).toHaveLength(2);
  });
});

describe('words that are none', () => {
  const nobody = { triggers: { highCost: { threshold: '1', timeframe: 'daily' } } } as const;
  it.each<[string, (adapter: HeliconeAdapter) => unknown]>([
    [
      'backoffStrategy: expected exponential or none, got "linear"',
      (adapter) =>
        adapter.configureRateLimits({ requestsPerMinute: 6, backoffStrategy: 'linear' as 'exponential' }),
    ],
    [
      'cacheProvider: expected memory, createDiskCache(directory) or createRedisCache(client), got "redis"',
      (adapter) => adapter.enableCaching({ cacheProvider: 'redis' as 'memory', cacheTtl: 60 }),
    ],
    [
      'cacheKeyStrategy: expected exact_match or content_hash, got "semantic"',
      (adapter) => adapter.enableCaching({ cacheTtl: 60, cacheKeyStrategy: 'semantic' as 'exact_match' }),
    ],
    [
      'requestsPerMinute: expected a number, at least one; got 0',
      (adapter) => adapter.configureRateLimits({ requestsPerMinute: 0 }),
    ],
    [
      'daily: not one of dailyLimit, monthlyLimit, perTeamLimits',
      (adapter) => adapter.setBudgetLimits({ daily: '100' } as object),
    ],
    ['gateway: expected cloud or self-hosted, got "onprem"', () => start({ gateway: 'onprem' as 'cloud' })],
    [
      'routingStrategy: expected one of cost_optimized',
      () => start({ defaultRoutingStrategy: 'cheapest' as 'failover' }),
    ],
    ['cacheTtl', (adapter) => adapter.enableCaching({ cacheTtl: Number.NaN })],
    ['costAlertWebhook: expected one', (adapter) => adapter.configureWebhooks(nobody)],
    [
      'performanceWebhook: expected one',
      (adapter) => adapter.configureWebhooks({ triggers: { slowResponse: { thresholdMs: 1 } } }),
    ],
    [
      'costAlertWebhook: expected an http or https address',
      (adapter) => adapter.configureWebhooks({ ...nobody, costAlertWebhook: 'ops@example.com' }),
    ],
    [
      'triggers.highCost.timeframe: expected hourly or daily, got "weekly"',
      (adapter) =>
        adapter.configureWebhooks({
          costAlertWebhook: 'https://hooks.example.com',
          triggers: { highCost: { threshold: '1', timeframe: 'weekly' as 'daily' } },
        }),
    ],
  ])('are refused: %s', (message, act) => {
    expect(() => act(start())).toThrow(message);
  });
});

describe('caches', () => {
  it('books a hit of Helicone’s cache at nothing, with what it avoided', async () => {
    const adapter = start();
    upstream.setReply({ usage, headers: { 'Helicone-Cache': 'HIT', 'Helicone-Provider': 'openai' } });
    const { cost, cached } = await adapter.chat({
      message: 'x',
      provider: 'openai',
      cacheSeconds: 3600,
      customerId: 'acme',
    });
    expect(upstream.requests[0]?.headers).toMatchObject({
      'helicone-cache-enabled': 'true',
      'cache-control': 'max-age=3600',
      'helicone-cache-seed': 'acme',
    });
    expect([inText(cost), cached]).toEqual(['0', 'helicone']);
    const [entry] = await entries();
    expect(entry).toMatchObject({ kind: 'settled', gateway: { cacheHit: true } });
    expect(entry?.usage).toEqual({});
    expect(entry?.cost.result === 'priced' && inText(entry.cost.avoided)).toBe('0.00021');
  });

  it.each([
    ['memory', async () => createMemoryCache()],
    ['disk', async () => createDiskCache(await temporaryDirectory())],
  ] as const)('kept in %s answer again for nothing, to nobody but the same tenant', async (_, make) => {
    const adapter = start();
    adapter.enableCaching({ cacheProvider: await make(), cacheTtl: 60 });
    const ask = (customerId: string, message = 'Capital of France?') =>
      adapter.chat({ message, provider: 'openai', customerId });
    const first = await ask('acme');
    const again = await ask('acme');
    expect([inText(first.cost), first.cached]).toEqual(['0.00021', undefined]);
    expect([again.text, inText(again.cost), again.cached]).toEqual(['Gladly.', '0', 'own']);
    expect((await ask('globex')).cached).toBeUndefined();
    expect((await ask('acme', 'Capital  of France?')).cached).toBeUndefined();
    expect(upstream.requests).toHaveLength(3);
    const hit = (await entries()).find(({ flags }) => flags?.includes('cache_hit'));
    expect(hit).toMatchObject({ attribution: { customerId: 'acme' }, usage: {} });
    expect(hit?.cost.result === 'priced' && inText(hit.cost.avoided)).toBe('0.00021');
  });

  it('by content hash overlook white space, and nothing else', async () => {
    const adapter = start();
    adapter.enableCaching({ cacheTtl: 60, cacheKeyStrategy: 'content_hash' });
    const ask = (message: string, maxTokens?: number) =>
      adapter.chat({ message, provider: 'openai', ...(maxTokens !== undefined && { maxTokens }) });
    await ask('Capital of France?');
    expect((await ask('  Capital of\n France? ')).cached).toBe('own');
    expect((await ask('capital of France?')).cached).toBeUndefined();
    expect((await ask('Capital of France?', 5)).cached).toBeUndefined();
  });

  it('forget what is too old, and what was longest unused', async () => {
    let now = 0;
    const cache = createMemoryCache({ maxEntries: 2, now: () => now });
    await cache.set('a', '1', 10);
    await cache.set('b', '2', 10);
    await cache.get('a');
    await cache.set('c', '3', 10);
    expect([await cache.get('a'), await cache.get('b'), await cache.get('c')]).toEqual(['1', undefined, '3']);
    now = 10_000;
    expect([await cache.get('a'), await cache.get('c')]).toEqual([undefined, undefined]);
  });

  it('on disk are for their owner only, expire, and survive damage', async () => {
    start();
    const directory = join(await temporaryDirectory(), 'answers');
    let now = 0;
    const cache = createDiskCache(directory, () => now);
    await cache.set('key', 'secret', 10);
    const [file] = await readdir(directory);
    const mode = (await stat(join(directory, file as string))).mode & 0o777;
    expect(mode).toBe(0o600);
    expect(await createDiskCache(directory, () => now).get('key')).toBe('secret');
    now = 10_000;
    expect(await cache.get('key')).toBeUndefined();
    expect(await readdir(directory)).toEqual([]);
    await cache.set('key', 'x', 10);
    const path = join(directory, 'key.json');
    expect(await readFile(path, 'utf8')).toContain('x');
    await import('node:fs/promises').then(({ writeFile }) => writeFile(path, '{'));
    expect(await cache.get('key')).toBeUndefined();
  });
});

describe('constraints', () => {
  const routes = {
    openai: { model: 'gpt-4o-mini', region: 'us', compliant: true },
    azure: { model: 'gpt-4o-mini', region: 'eu', compliant: true },
    anthropic: { model: 'claude-3-haiku-20240307', region: 'eu' },
  };

  it('keep data where it has to stay', async () => {
    const adapter = start({ routes, dataResidency: 'eu' });
    const { order } = await adapter.chat({ message: 'x' });
    expect([...order].sort()).toEqual(['anthropic', 'azure']);
    await expect(adapter.chat({ message: 'x', provider: 'openai' })).rejects.toThrow(
      'openai is in us, and data has to stay in eu',
    );
  });

  it('in compliance mode use marked providers only, and leave nothing with Helicone', async () => {
    const adapter = start({ routes, dataResidency: 'eu', complianceMode: true });
    const { order } = await adapter.chat({ message: 'x', cacheSeconds: 60 });
    expect(order).toEqual(['azure']);
    const { headers } = upstream.requests[0] ?? {};
    expect(headers).toMatchObject({ 'helicone-omit-request': 'true', 'helicone-omit-response': 'true' });
    expect(headers).not.toHaveProperty('helicone-cache-enabled');
    await expect(adapter.chat({ message: 'x', provider: 'anthropic' })).rejects.toThrow(
      /not marked compliant/,
    );
  });
});

describe('validateProviders', () => {
  it('looks without a billed call', async () => {
    const adapter = start({
      routes: {
        openai: 'gpt-4o-mini',
        nowhere: 'nobody-knows-me',
        anthropic: { model: 'claude-3-haiku-20240307' },
      },
    });
    expect(await adapter.validateProviders()).toEqual([
      { provider: 'openai', status: 'passed' },
      {
        provider: 'nowhere',
        status: 'failed',
        message: expect.stringContaining('no price is known of nobody-knows-me'),
      },
      { provider: 'anthropic', status: 'passed' },
    ]);
    expect(upstream.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/models']);
  });

  it('says when the gateway does not answer', async () => {
    const adapter = start({ client: new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: 'wrong' }) });
    for (const { status, message } of await adapter.validateProviders()) {
      expect([status, message]).toEqual([
        'failed',
        expect.stringContaining('the gateway does not answer: 401'),
      ]);
    }
  });
});

/** Looks again and again; the test's own time-out ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('configureWebhooks', () => {
  interface Received {
    readonly body: { readonly trigger: string; readonly [name: string]: unknown };
    readonly signature: string | undefined;
    readonly text: string;
  }

  async function listen(): Promise<{
    url: string;
    received: Received[];
    close(): void;
  }> {
    const received: Received[] = [];
    const server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      received.push({
        text,
        body: JSON.parse(text),
        signature: request.headers['x-genops-signature'] as string,
      });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      received,
      close: () => server.close(),
    };
  }

  it('tells of spending once in its time frame, of slow calls and of failing ones, signed', async () => {
    const adapter = start();
    const hook = await listen();
    const stop = adapter.configureWebhooks({
      costAlertWebhook: hook.url,
      performanceWebhook: hook.url,
      secret: 'hush',
      triggers: {
        highCost: { threshold: '0.0004', timeframe: 'daily' },
        slowResponse: { thresholdMs: 40 },
        errorRate: { threshold: 0.3, window: 10 },
      },
    });
    const told = (trigger: string) => hook.received.filter(({ body }) => body.trigger === trigger);
    for (let call = 0; call < 4; call += 1) await adapter.chat({ message: 'x', provider: 'openai' });
    await until(() => told('high_cost').length > 0);
    expect(told('high_cost')[0]?.body).toMatchObject({ spent: '0.00042', threshold: '0.0004' });

    upstream.setReply({ usage, delayMs: 60 });
    await adapter.chat({ message: 'x', provider: 'openai' });
    await until(() => told('slow_response').length > 0);
    expect(told('slow_response')[0]?.body).toMatchObject({ thresholdMs: 40 });

    upstream.setReply({ status: 500 });
    for (let call = 0; call < 8; call += 1)
      await adapter.chat({ message: 'x', provider: 'openai' }).catch(() => {});
    await until(() => told('error_rate').length > 0);
    expect([told('high_cost').length, told('error_rate').length]).toEqual([1, 1]);
    for (const { text, signature } of hook.received) {
      expect(signature).toBe(`sha256=${createHmac('sha256', 'hush').update(text).digest('hex')}`);
    }
    stop();
    hook.close();
  });

  it('hands what it found to whoever delivers, instead of posting it', async () => {
    const adapter = start();
    const hook = await listen();
    const found: WebhookOccurrence[] = [];
    adapter.configureWebhooks({
      costAlertWebhook: hook.url,
      deliver: (occurrence) => {
        found.push(occurrence);
        throw new Error('full');
      },
      triggers: { highCost: { threshold: '0.0002', timeframe: 'daily' } },
    });
    for (let call = 0; call < 4; call += 1) await adapter.chat({ message: 'x', provider: 'openai' });
    expect(found).toMatchObject([
      {
        id: expect.stringMatching(/^helicone high_cost daily \d+ above 0\.0002$/),
        name: 'high_cost',
        severity: 'warning',
        summary: '0.00021 USD were spent at Helicone (daily); the trigger is above 0.0002 USD',
        labels: { spent: '0.00021', currency: 'USD', timeframe: 'daily' },
      },
    ]);
    expect(hook.received).toEqual([]);
    expect(errors.splice(0).map(String)).toEqual(['Error: full']);
    hook.close();
  });

  it('reports a delivery that failed, and breaks no call', async () => {
    const adapter = start();
    adapter.configureWebhooks({
      costAlertWebhook: `${upstream.url}/nobody-here`,
      triggers: { highCost: { threshold: '0', timeframe: 'hourly' } },
    });
    await adapter.chat({ message: 'x', provider: 'openai' });
    await until(() => errors.length > 0);
    expect(String(errors.splice(0)[0])).toMatch(/The webhook for high_cost answered 401/);
  });
});

describe('enableCostDebugging', () => {
  it('says what is odd about a cost', async () => {
    const adapter = start();
    const findings: CostFinding[] = [];
    adapter.enableCostDebugging({ onFinding: (finding) => findings.push(finding), logAllRequests: true });
    upstream.setReply({ usage: { prompt_tokens: 900_000, completion_tokens: 100, total_tokens: 900_100 } });
    await adapter.chat({ message: 'x', provider: 'openai', maxTokens: 10 });
    expect(findings.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['request']));
    expect(findings[0]?.message).toMatch(/^gpt-4o-mini\/openai: 0\.135\d* USD, computed$/);
    await adapter.chat({ message: 'x', provider: 'openai', model: 'nobody-knows-me' });
    expect(findings.at(-1)).toMatchObject({ kind: 'unpriced' });
  });
});

describe('registerCustomMetrics', () => {
  it('records values on an OpenTelemetry meter, and only those that are registered', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const adapter = start({ meter: meterProvider.getMeter('test') });
    adapter.registerCustomMetrics([
      { name: 'business_value_score', type: 'gauge', description: 'Worth' },
      { name: 'tickets', type: 'counter', unit: '{ticket}' },
      { name: 'answer_words', type: 'histogram' },
    ]);
    const customMetrics = { business_value_score: 0.95, tickets: 2, answer_words: 40 };
    await adapter.chat({ message: 'x', provider: 'openai', customMetrics });
    await adapter.chat({ message: 'x', provider: 'openai', customMetrics });
    await expect(adapter.chat({ message: 'x', customMetrics: { typo: 1 } })).rejects.toThrow(
      /customMetrics.typo/,
    );
    expect(upstream.requests).toHaveLength(2);
    await reader.forceFlush();
    const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics[0]?.metrics ?? []);
    await meterProvider.shutdown();
    const attributes = { provider: 'openai', model: 'gpt-4o-mini/openai' };
    expect(
      metrics.map(({ descriptor, dataPoints }) => [descriptor.name, descriptor.unit, dataPoints]),
    ).toEqual([
      ['business_value_score', '', [expect.objectContaining({ attributes, value: 0.95 })]],
      ['tickets', '{ticket}', [expect.objectContaining({ attributes, value: 4 })]],
      [
        'answer_words',
        '',
        [expect.objectContaining({ attributes, value: expect.objectContaining({ sum: 80, count: 2 }) })],
      ],
    ]);
    expect(() => start().registerCustomMetrics([{ name: 'x', type: 'gauge' }])).toThrow(/meter/);
  });
});

describe('multiProviderCostTracking', () => {
  it('sums what providers behind the gateway cost, its fees, and what caches avoided', async () => {
    const adapter = start();
    const headersFor = (provider: string) => ({ 'Helicone-Provider': provider });
    upstream.addRule({
      when: ({ json }) => (json as { model: string }).model.endsWith('/openai'),
      reply: { usage, headers: headersFor('openai') },
    });
    upstream.addRule({
      when: ({ json }) => (json as { model: string }).model.endsWith('/anthropic'),
      reply: { usage, headers: headersFor('anthropic') },
    });
    await using tracker = multiProviderCostTracking({ governor, sessionId: 'batch_analysis' });
    await tracker.run(async () => {
      await adapter.chat({ message: 'Task 1', provider: 'openai' });
      await adapter.chat({ message: 'Task 2', provider: 'anthropic' });
      await adapter.chat({ message: 'Task 3', provider: 'openai' });
    });
    await adapter.chat({ message: 'outside', provider: 'openai' });
    const summary = await tracker.getSessionSummary();
    expect(summary.operations).toBe(3);
    expect(inText(summary.totalCost)).toBe('0.000795');
    expect(Object.entries(summary.costByProvider).map(([name, cost]) => [name, amountOf(cost)])).toEqual([
      ['openai', '0.00042'],
      ['anthropic', '0.000375'],
    ]);
    expect([inText(summary.gatewayFees), inText(summary.avoidedCost)]).toEqual(['0', '0']);
  });
});

describe('compareProviderCosts', () => {
  it('compares the same message, sends nothing, and calls the unknown unknown', () => {
    start();
    const comparison = compareProviderCosts({
      governor,
      message: 'Analyse this data and provide insights',
      models: { openai: 'gpt-4o', anthropic: 'claude-3-haiku-20240307', nowhere: 'nobody-knows-me' },
      maxTokens: 500,
    });
    expect(comparison.cheapestProvider).toBe('anthropic');
    expect(comparison.unpriced).toEqual(['nowhere']);
    const { openai: dear, anthropic: cheap } = comparison.costByProvider;
    expect(dear && cheap && amountOf({ ...dear, amount: dear.amount.minus(cheap.amount) })).toBe(
      inText(comparison.maxSavings),
    );
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('estimateMigrationCosts', () => {
  const historicalUsage = { requestsPerDay: 1000, averageInputTokens: 400, averageOutputTokens: 100 };

  it('prices the same traffic elsewhere by its real split', () => {
    start();
    const estimate = estimateMigrationCosts({
      governor,
      current: { provider: 'openai', model: 'gpt-4o' },
      targets: [
        { provider: 'anthropic', model: 'claude-3-haiku-20240307' },
        { provider: 'openai', model: 'gpt-4o-mini' },
        { provider: 'nowhere', model: 'nobody-knows-me' },
      ],
      historicalUsage,
    });
    // (400 × 2.50 + 100 × 10) ÷ 10^6 × 30,000
    expect(inText(estimate.currentMonthlyCost)).toBe('60');
    expect(estimate.targets.map(({ model, monthlyCost }) => [model, amountOf(monthlyCost)])).toEqual([
      ['gpt-4o-mini', '3.6'],
      ['claude-3-haiku-20240307', '6.75'],
    ]);
    expect(inText(estimate.projectedSavings)).toBe('56.4');
    expect(estimate.unpriced).toEqual([{ provider: 'nowhere', model: 'nobody-knows-me' }]);
  });

  it('says so when a number is not whole', () => {
    start();
    const current = { provider: 'openai', model: 'gpt-4o' };
    const usage = { ...historicalUsage, averageInputTokens: 400.5 };
    expect(() => estimateMigrationCosts({ governor, current, targets: [], historicalUsage: usage })).toThrow(
      'historicalUsage.averageInputTokens: expected a whole number, got 400.5',
    );
  });

  it('projects no savings where everything costs more', () => {
    start();
    const estimate = estimateMigrationCosts({
      governor,
      current: { provider: 'openai', model: 'gpt-4o-mini' },
      targets: [{ provider: 'openai', model: 'gpt-4o' }],
      historicalUsage,
    });
    expect(inText(estimate.projectedSavings)).toBe('0');
  });
});

describe('createClientCredentials', () => {
  async function tokenServer() {
    const asked: { readonly authorization: string | undefined; readonly body: string }[] = [];
    let answer: { status?: number; body: object } = { body: {} };
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      asked.push({ authorization: request.headers.authorization, body });
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      asked,
      tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
      set: (next: typeof answer) => {
        answer = next;
      },
      close: () => server.close(),
    };
  }

  it('gives the official client a token, shared, renewed before it ends', async () => {
    const adapterToken = upstream.apiKey;
    const server = await tokenServer();
    server.set({ body: { access_token: adapterToken, token_type: 'Bearer', expires_in: 3600 } });
    let now = Date.parse('2026-11-01T00:00:00Z');
    const apiKey = createClientCredentials({
      clientId: 'id with space',
      clientSecret: 's3cret',
      tokenUrl: server.tokenUrl,
      scope: 'llm',
      now: () => new Date(now),
    });
    const adapter = start({
      gateway: 'self-hosted',
      client: new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey }),
    });
    await Promise.all([1, 2, 3].map(() => adapter.chat({ message: 'x', provider: 'openai' })));
    expect(server.asked).toEqual([
      {
        authorization: `Basic ${Buffer.from('id%20with%20space:s3cret').toString('base64')}`,
        body: 'grant_type=client_credentials&scope=llm',
      },
    ]);
    now += 3600_000 - 29_000;
    await adapter.chat({ message: 'x', provider: 'openai' });
    expect(server.asked).toHaveLength(2);
    server.close();
  });

  it('says why there is no token, and never its secret', async () => {
    start();
    const server = await tokenServer();
    const token = createClientCredentials({
      clientId: 'id',
      clientSecret: 's3cret',
      tokenUrl: server.tokenUrl,
    });
    server.set({ status: 401, body: { error: 'invalid_client' } });
    const failure = await token().catch((error: Error) => error.message);
    expect(failure).toMatch(/gave no token: status 401, invalid_client/);
    expect(failure).not.toContain('s3cret');
    server.set({ body: { access_token: 'x', token_type: 'mac' } });
    await expect(token()).rejects.toThrow(/not a bearer token/);
    server.set({ body: { access_token: 'x' } });
    expect(await token()).toBe('x');
    server.close();
  });
});

describe('createHeliconeProxy', () => {
  it('keeps the provider’s key, formats and prices, at another address', async () => {
    start();
    const proxied = createHeliconeProxy(openai, {
      heliconeApiKey: 'sk-helicone-test',
      baseUrl: `${upstream.url}/v1/`,
      targetUrl: 'https://api.openai.com',
    });
    await governor.close();
    governor = createGovernor({ providers: [proxied], ledger: createMemoryLedger() });
    const client = governor.wrap(new OpenAI({ baseURL: proxied.baseUrl, apiKey: upstream.apiKey }));
    upstream.setReply({ usage, headers: { 'Helicone-Cache': 'HIT' } });
    await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'x' }],
    });
    expect(upstream.requests[0]?.headers).toMatchObject({
      'helicone-auth': 'Bearer sk-helicone-test',
      'helicone-target-url': 'https://api.openai.com',
      authorization: `Bearer ${upstream.apiKey}`,
    });
    const [entry] = await entries();
    expect(entry?.provider).toBe('openai');
    expect(
      entry?.cost.result === 'priced' && [amountOf(entry.cost.total), inText(entry.cost.avoided)],
    ).toEqual(['0', '0.00021']);
  });
});

describe('a comma-separated list of fallbacks', () => {
  it('is held for at its dearest, charged by who served, and sent as it is', async () => {
    start();
    const client = governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }), {
      provider: helicone,
    });
    upstream.setReply({ usage, headers: { 'Helicone-Provider': 'openai', 'Helicone-Model': 'gpt-4o-mini' } });
    const model = 'gpt-4o-mini/openai, gpt-4o/openai,!azure';
    await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'x' }],
      max_completion_tokens: 100,
    });
    expect(modelsAsked()).toEqual([model]);
    const [entry] = await entries();
    expect(entry?.requestModel).toBe('gpt-4o-mini/openai');
    // 100 tokens of gpt-4o's output alone are 0.001.
    expect(Number(inText(entry?.held))).toBeGreaterThan(0.001);
    expect(entry?.cost.result === 'priced' && inText(entry.cost.total)).toBe('0.00021');
  });

  it('with a model that a rule denies is refused, wherever in the list it stands', async () => {
    start({}, { policy: { rules: [{ id: 'no-opus', effect: 'deny', when: { model: '*opus*' } }] } });
    const client = governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }), {
      provider: helicone,
    });
    const ask = (model: string) =>
      client.chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }] });
    await expect(ask('gpt-4o-mini/openai,claude-3-opus/anthropic')).rejects.toMatchObject({
      status: 403,
      code: 'policy_deny_model',
    });
    expect(upstream.requests).toHaveLength(0);
    await ask('gpt-4o-mini/openai,gpt-4o/openai');
  });

  it('with a model that has no price is refused under a budget', async () => {
    start({}, { policy: { limits: [{ id: 'cap', amount: '1', window: 'lifetime' }] } });
    const client = governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }), {
      provider: helicone,
    });
    await expect(
      client.chat.completions.create({
        model: 'gpt-4o-mini/openai,nobody-knows-me/nowhere',
        messages: [{ role: 'user', content: 'x' }],
      }),
    ).rejects.toMatchObject({ code: 'unpriced_model' });
    expect(upstream.requests).toHaveLength(0);
  });
});
