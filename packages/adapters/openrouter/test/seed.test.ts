import { amountOf, chatFacts, type LedgerEntry, withAttribution, withBaseUrl } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { createPricing } from '@genops/pricing';
import { type FakeUpstream, openrouterFormat, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  calculateOpenRouterCost,
  createOpenRouter,
  estimateCostForText,
  getCostBreakdown,
  getSupportedModels,
  type InstrumentedOpenRouter,
  instrumentOpenRouter,
  selectModel,
} from '../src/index.ts';

let upstream: FakeUpstream;
let governor: Governor;
let client: InstrumentedOpenRouter<OpenAI>;

beforeAll(async () => {
  upstream = await startFakeUpstream({ formats: [openrouterFormat] });
});
afterAll(() => upstream.close());
beforeEach(() => {
  const provider = withBaseUrl(
    createOpenRouter({ app: { url: 'https://my-app.com', title: 'My AI Application' } }),
    `${upstream.url}/api/v1`,
  );
  governor = createGovernor({ providers: [provider], ledger: createMemoryLedger() });
  client = instrumentOpenRouter({
    governor,
    client: new OpenAI({ baseURL: provider.baseUrl, apiKey: upstream.apiKey, timeout: 30_000 }),
    provider,
    attribution: { environment: 'production' },
  });
});
afterEach(async () => {
  await governor.close();
  upstream.reset();
});

const messages = [{ role: 'user' as const, content: 'Generate product description' }];
async function entries(): Promise<readonly LedgerEntry[]> {
  return (await governor.ledger.entries()).entries;
}

describe('instrumentOpenRouter', () => {
  it('sends the seed’s words as what OpenRouter reads, with the app’s headers, for whom it is told', async () => {
    await client.chatCompletionsCreate({
      model: 'openai/gpt-4o',
      messages,
      max_tokens: 200,
      provider: 'openai',
      route: 'least-cost',
      fallbacks: ['anthropic/claude-3-haiku'],
      attribution: {
        team: 'marketing',
        project: 'product-launch',
        customerId: 'enterprise-001',
        costCenter: 'marketing-ops',
        tags: { experiment_id: 'exp-001', region: 'us-west-2' },
      },
    });
    const [request] = upstream.requests;
    expect(request?.json).toEqual({
      model: 'openai/gpt-4o',
      messages,
      max_tokens: 200,
      provider: { order: ['openai'], sort: 'price' },
      models: ['anthropic/claude-3-haiku'],
    });
    expect(request?.headers).toMatchObject({
      'http-referer': 'https://my-app.com',
      'x-openrouter-title': 'My AI Application',
    });
    expect((await entries())[0]?.attribution).toEqual({
      environment: 'production',
      team: 'marketing',
      project: 'product-launch',
      customerId: 'enterprise-001',
      costCenter: 'marketing-ops',
      tags: { experiment_id: 'exp-001', region: 'us-west-2' },
    });
  });

  it('groups calls by the context around them', async () => {
    const models = ['openai/gpt-4o', 'anthropic/claude-3-sonnet', 'meta-llama/llama-3.1-70b-instruct'];
    await withAttribution({ team: 'data-science', tags: { experiment_id: 'exp-2024-001' } }, async () => {
      for (const model of models) await client.chatCompletionsCreate({ model, messages, max_tokens: 150 });
    });
    const rows = await governor.ledger.sum({ by: ['tags.experiment_id', 'model'] });
    expect(rows.map(({ group }) => group['model']).sort()).toEqual([...models].sort());
    expect(new Set(rows.map(({ group }) => group['tags.experiment_id']))).toEqual(new Set(['exp-2024-001']));
  });

  it('lets the context win over what is usual, and the call over both', async () => {
    const ask = (attribution = {}) =>
      client.chatCompletionsCreate({ model: 'openai/gpt-4o', messages, attribution });
    await ask();
    await withAttribution({ environment: 'staging' }, () => ask());
    await withAttribution({ environment: 'staging' }, () => ask({ environment: 'development' }));
    const environments = (await entries()).map(({ attribution }) => attribution.environment);
    expect(environments).toEqual(['production', 'staging', 'development']);
  });

  it.each([[false], [true]])(
    'books who was predicted, who served, and what OpenRouter charged (stream: %s)',
    async (stream) => {
      const asked = (provider: string, selected: boolean) => ({
        provider,
        model: 'claude-3-sonnet',
        selected,
      });
      upstream.setReply({
        fields: {
          provider: 'Amazon Bedrock',
          openrouter_metadata: {
            requested: 'anthropic/claude-3-sonnet',
            strategy: 'fallback',
            attempt: 2,
            endpoints: { total: 2, available: [asked('Anthropic', false), asked('Amazon Bedrock', true)] },
            attempts: [
              { provider: 'Anthropic', model: 'claude-3-sonnet', status: 529 },
              { provider: 'Amazon Bedrock', model: 'claude-3-sonnet', status: 200 },
            ],
          },
        },
      });
      const answer = (await client.chatCompletionsCreate({
        model: 'anthropic/claude-3-sonnet',
        messages,
        provider: 'anthropic',
        route: 'fallback',
        ...(stream && { stream: true as const }),
      })) as unknown as AsyncIterable<unknown>;
      if (stream) for await (const _ of answer);
      const [entry] = await entries();
      expect(entry).toMatchObject({
        stream,
        gateway: {
          predictedProvider: 'Anthropic',
          hostProvider: 'Amazon Bedrock',
          strategy: 'fallback',
          fallbackUsed: true,
        },
        cost: { basis: 'reported' },
      });
      expect(entry?.cost.result === 'priced' && amountOf(entry.cost.total)).toBe('0.0000222');
      expect(upstream.requests[0]?.headers['x-openrouter-metadata']).toBe('enabled');
      expect(upstream.requests[0]?.json).toMatchObject({
        provider: { order: ['anthropic'], allow_fallbacks: true },
      });
    },
  );

  it('keeps time-outs and headers of the client, also those of one call', async () => {
    const bare = new OpenAI({
      baseURL: `${upstream.url}/api/v1`,
      apiKey: upstream.apiKey,
      timeout: 200,
      defaultHeaders: { 'x-tenant': 'acme' },
    });
    const provider = withBaseUrl(createOpenRouter(), bare.baseURL);
    const kept = instrumentOpenRouter({ governor, client: bare, provider });
    const request = { model: 'openai/gpt-4o', messages };
    await kept.chatCompletionsCreate(request, { headers: { 'x-trace': '7' } });
    expect(upstream.requests[0]?.headers).toMatchObject({ 'x-tenant': 'acme', 'x-trace': '7' });
    upstream.setReply({ delayMs: 2_000 });
    await expect(kept.chatCompletionsCreate(request)).rejects.toThrow('Request timed out.');
    await kept.chatCompletionsCreate(request, { timeout: 10_000 });
    expect((await entries()).map(({ outcome }) => outcome)).toEqual(['completed', 'cancelled', 'completed']);
  });

  it('keeps the promise of the official client', async () => {
    const { data, response } = await client
      .chatCompletionsCreate({ model: 'openai/gpt-4o', messages })
      .withResponse();
    expect(response.headers.get('x-genops-cost')).toBe('0.0000222');
    expect('id' in data && data.id).toMatch(/^gen-/);
  });

  it('refuses a call that may cost more than its budget, and sends nothing', async () => {
    await expect(
      client.chatCompletionsCreate({
        model: 'openai/gpt-4o',
        messages,
        max_tokens: 4000,
        maxBudget: '0.001',
        attribution: { team: 'content-team' },
      }),
    ).rejects.toMatchObject({ status: 429, error: { metadata: { error_type: 'budget_exceeded' } } });
    expect(upstream.requests).toHaveLength(0);
    await client.chatCompletionsCreate({
      model: 'openai/gpt-4o-mini',
      messages,
      max_tokens: 10,
      maxBudget: '0.001',
    });
  });

  it('completes prompts at the older endpoint', async () => {
    upstream.setReply({
      headers: { 'content-type': 'application/json' },
      body: {
        id: 'gen-1',
        object: 'text_completion',
        model: 'openai/gpt-3.5-turbo-instruct',
        choices: [{ text: ' bright.', index: 0, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12, cost: 0.000019 },
      },
    });
    await client.completionsCreate({
      model: 'openai/gpt-3.5-turbo-instruct',
      prompt: 'The future of AI is',
      max_tokens: 100,
      attribution: { team: 'content-team', project: 'text-generation' },
    });
    const [entry] = await entries();
    expect(entry).toMatchObject({
      operation: 'text_completion',
      attribution: { team: 'content-team' },
      cost: { basis: 'reported' },
    });
    expect(entry?.cost.result === 'priced' && amountOf(entry.cost.total)).toBe('0.000019');
  });
});

describe('prices', () => {
  const pricing = createPricing();
  const at = '2026-11-01T00:00:00Z';

  it.each([
    // The seed says 0.000675; at the 3 and 15 per million that it lists it is this.
    ['anthropic/claude-3-sonnet', 150, 75, '0.001575'],
    // The seed says 0.002; OpenRouter lists 2.50 and 10.
    ['openai/gpt-4o', 200, 100, '0.0015'],
  ])('of %s for %i in and %i out', (model, inputTokens, outputTokens, expected) => {
    const cost = calculateOpenRouterCost({ pricing, model, inputTokens, outputTokens, at });
    expect(cost.result === 'priced' && amountOf(cost.total)).toBe(expected);
  });

  it.each([
    ['openai/gpt-4o:nitro', '0.0015'],
    ['openai/gpt-4o:floor', '0.0015'],
    ['openai/gpt-4o:exacto', '0.0015'],
    // Five results of a web search on top, at 4 USD a thousand.
    ['openai/gpt-4o:online', '0.0215'],
  ])('of %s know what the suffix changes', (model, expected) => {
    const cost = calculateOpenRouterCost({ pricing, model, inputTokens: 200, outputTokens: 100, at });
    expect(cost.result === 'priced' && amountOf(cost.total)).toBe(expected);
  });

  it('are shown line by line', () => {
    const breakdown = getCostBreakdown({
      pricing,
      model: 'openai/gpt-4o',
      inputTokens: 200,
      outputTokens: 100,
      at,
    });
    expect(breakdown).toMatchObject({
      inputTokens: 200,
      outputTokens: 100,
      inputUnitPrice: '2.5',
      outputUnitPrice: '10',
      per: '1000000',
      provider: 'openai',
      modelFamily: 'gpt-4o',
      currency: 'USD',
      modelName: 'openai/gpt-4o',
    });
    expect(
      breakdown && [breakdown.totalCost, breakdown.inputCost, breakdown.outputCost].map(amountOf),
    ).toEqual(['0.0015', '0.0005', '0.001']);
  });

  it('of a model that nobody lists are unknown, not a guess', () => {
    const question = { pricing, model: 'acme/unheard-of', inputTokens: 1, outputTokens: 1 };
    expect(calculateOpenRouterCost(question)).toMatchObject({ result: 'unpriced', reason: 'unknown_model' });
    expect(getCostBreakdown(question)).toBeUndefined();
  });

  it('of a free model are nothing', () => {
    const free = getSupportedModels(pricing, at).find(({ model }) => model.endsWith(':free'));
    if (free === undefined) return expect.unreachable('no free model is listed');
    const cost = calculateOpenRouterCost({
      pricing,
      model: free.model,
      inputTokens: 1e6,
      outputTokens: 1e6,
      at,
    });
    expect(cost.result === 'priced' && amountOf(cost.total)).toBe('0');
  });

  it('are listed for hundreds of models, each in a tier computed from them', () => {
    const models = getSupportedModels(pricing, at);
    expect(models.length).toBeGreaterThan(300);
    const tiers = new Map(models.map(({ model, tier }) => [model, tier]));
    expect(tiers.get('meta-llama/llama-3.2-3b-instruct')).toBe('economy');
    expect(tiers.get('anthropic/claude-3-opus')).toBe('premium');
  });

  it('of a text are told from its length before it is sent', () => {
    const text = 'Long text to process. '.repeat(100);
    const { cost, inputTokens, outputTokens } = estimateCostForText({
      pricing,
      model: 'anthropic/claude-3-sonnet',
      text,
      completionRatio: 0.4,
    });
    expect([inputTokens, outputTokens]).toEqual([550, 220]);
    expect(cost).toMatchObject({ basis: 'estimated' });
    expect(cost.result === 'priced' && amountOf(cost.total)).toBe('0.00495');
  });
});

describe('selectModel', () => {
  const candidates = ['anthropic/claude-3-opus', 'openai/gpt-4o', 'meta-llama/llama-3.2-3b-instruct'];
  const facts = chatFacts({ model: '', messages, maxTokens: 1000 });

  it('takes the cheapest, or the best within a budget', () => {
    expect(selectModel({ governor, candidates, facts })?.model).toBe('meta-llama/llama-3.2-3b-instruct');
    expect(selectModel({ governor, candidates, facts, budget: '0.02', prefer: 'reliability' })?.model).toBe(
      'openai/gpt-4o',
    );
  });

  it('takes none when none fits', () => {
    expect(selectModel({ governor, candidates, facts, budget: '0.0000001' })).toBeUndefined();
    expect(selectModel({ governor, candidates: ['acme/unheard-of'], facts })).toBeUndefined();
  });
});
