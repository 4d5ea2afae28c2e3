import { amountOf, type Provider, withBaseUrl } from '@genops/core';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiKeyRouter, createApiKeyRouter } from '../index.ts';

let cheap: FakeUpstream;
let dear: FakeUpstream;
let router: ApiKeyRouter;

beforeAll(async () => {
  cheap = await startFakeUpstream({ apiKey: 'sk-cheap' });
  dear = await startFakeUpstream({ apiKey: 'sk-dear' });
});
afterAll(async () => {
  await cheap.close();
  await dear.close();
});

/** The same model at two providers, one of which sells it at the price of a larger one. */
beforeEach(() => {
  const at = (id: string, upstream: FakeUpstream, pricedAs: string): Provider => ({
    ...withBaseUrl(openai, `${upstream.url}/v1`),
    id,
    priceAs: () => ({ provider: 'openai', model: pricedAs }),
  });
  router = createApiKeyRouter({ ledger: createMemoryLedger(), routing: { seed: 'api' } });
  router.registerProvider(at('dear', dear, 'gpt-4o'));
  router.registerProvider(at('cheap', cheap, 'gpt-4o-mini'));
  router.registerKey({
    id: 'dear-1',
    keyMaterial: 'sk-dear',
    providerId: 'dear',
    metadata: { tier: 'premium' },
  });
  router.registerKey({ id: 'cheap-1', keyMaterial: 'sk-cheap', providerId: 'cheap' });
});
afterEach(async () => {
  await router.close();
  cheap.reset();
  dear.reset();
});

const intent = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50 };

describe('createApiKeyRouter', () => {
  it('routes by the objective, across providers, and says who served and what it cost', async () => {
    const answer = await router.route(intent, { objective: 'cost' });
    expect(answer).toMatchObject({ status: 200, keyUsed: 'cheap-1', providerUsed: 'cheap' });
    expect(answer.content).toContain('fake answer');
    expect(Number(amountOf(answer.cost as NonNullable<typeof answer.cost>))).toBeGreaterThan(0);
  });

  it('serves a call by another key and provider when one is refused, and traces how', async () => {
    cheap.setReply({ status: 429, headers: { 'retry-after': '30' } });
    const answer = await router.route(intent, { objective: 'least-cost' });
    expect(answer).toMatchObject({ status: 200, keyUsed: 'dear-1' });
    const trace = await router.getRequestTrace(answer.requestId);
    expect(trace?.attempts.map(({ providerKeyId, status }) => `${providerKeyId} ${status}`)).toEqual([
      'cheap-1 429',
      'dear-1 200',
    ]);
    expect(trace?.routing?.candidates).toHaveLength(2);
    expect(trace?.stateTransitions).toMatchObject([
      { entityId: 'cheap-1', toState: 'throttled', trigger: 'rate_limited' },
    ]);
    expect(router.getStateSummary()).toMatchObject({
      keys: { total: 2, available: 1, throttled: 1 },
      routing: { totalDecisions: 1, recentDecisions: 1 },
    });
  });

  it('keeps to policies: providers, budgets, and what a request may cost', async () => {
    router.configurePolicy({ id: 'only-dear', type: 'routing', rules: { allowedProviders: ['dear'] } });
    expect((await router.route(intent, { objective: 'cost' })).providerUsed).toBe('dear');
    router.configurePolicy({ id: 'only-dear', rules: [{ action: 'prefer_lowest_cost' }] });
    expect((await router.route(intent)).providerUsed).toBe('cheap');
    router.configurePolicy({
      id: 'frugal',
      scope: 'team',
      scopeId: 'ads',
      rules: { maxCostPerRequest: '0.0000001' },
    });
    expect(await router.route(intent, { team: 'ads' })).toMatchObject({
      status: 503,
      body: { error: { code: 'no_route' } },
    });
    router.configurePolicy({ id: 'cap', type: 'cost_control', rules: { budgetLimit: '0.0000001' } });
    expect((await router.route(intent)).status).toBe(429);
    expect(await router.getBudgetStatus('cap')).toMatchObject([
      { id: 'cap', budgetLimit: '0.0000001', status: 'ok' },
    ]);
    expect(() => router.configurePolicy({ id: 'x', rules: [{ action: 'be_nice' }] })).toThrow(
      '"be_nice" is no action',
    );
  });

  it('prefers regions and tiers of keys, keeps to them where it is told, and falls back to the reliable', async () => {
    const regional = async (region: string, id: string) => {
      const upstream = await startFakeUpstream({ apiKey: `sk-${id}` });
      router.registerProvider({
        ...withBaseUrl(openai, `${upstream.url}/v1`),
        id,
        priceAs: () => ({ provider: 'openai', model: 'gpt-4o' }),
      });
      router.registerKey({ id: `${id}-key`, keyMaterial: `sk-${id}`, providerId: id, metadata: { region } });
      return upstream;
    };
    const [west, central] = [await regional('eu-west', 'west'), await regional('eu-central', 'central')];
    router.configurePolicy({
      id: 'eu',
      type: 'Routing',
      rules: [
        { action: 'prefer_region', preferred_regions: ['eu-central'], fallback_regions: ['eu-west'] },
        { action: 'prefer_lowest_cost', fallback_to_reliable: true },
      ],
    });
    expect((await router.route(intent)).keyUsed).toBe('central-key');
    central.setReply({ status: 503 });
    expect((await router.route(intent)).keyUsed).toBe('west-key');
    west.setReply({ status: 503 });
    const none = await router.route(intent);
    expect(none.status).toBe(503);
    expect(cheap.requests).toHaveLength(0);
    router.configurePolicy({ id: 'eu', rules: [{ prefer_premium_tier: true }] });
    expect((await router.route(intent)).keyUsed).toBe('dear-1');
    router.configurePolicy({ id: 'eu', rules: { key_filters: { blocked_keys: ['dear-1'] } } });
    for (let call = 0; call < 5; call += 1)
      expect((await router.route(intent, { objective: 'quality' })).keyUsed).not.toBe('dear-1');
    await west.close();
    await central.close();
  });

  it('estimates before, the cheapest first', () => {
    expect(router.estimateRequestCost(intent).map(({ providerId }) => providerId)).toEqual(['cheap', 'dear']);
  });

  it('manages keys: quota, state in any case, rotation, revocation, teams', async () => {
    router.configureQuota('cheap-1', { timeWindow: 'daily', totalCapacity: 1 });
    await router.route(intent, { objective: 'cost' });
    expect(router.getQuotaState('cheap-1').state).toBe('exhausted');
    expect((await router.route(intent, { objective: 'cost' })).keyUsed).toBe('dear-1');
    expect(router.updateKeyState('dear-1', 'Throttled', { reason: 'test', cooldownSeconds: 60 }).state).toBe(
      'throttled',
    );
    expect((await router.route(intent)).status).toBe(503);
    expect(router.rotateKey('dear-1', 'sk-new')).toMatchObject({ id: 'dear-1', materialVersion: 2 });
    expect(router.revokeKey('dear-1').state).toBe('disabled');
    expect(JSON.stringify([router.getStateSummary(), router.getKey('dear-1')])).not.toContain('sk-');
    expect(() => router.registerKey({ keyMaterial: 'sk-cheap', providerId: 'cheap' })).toThrow(
      'material of "cheap-1"',
    );
  });
});
