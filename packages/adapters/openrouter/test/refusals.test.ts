import { readFileSync } from 'node:fs';
import { amountOf, type LedgerEntry, withBaseUrl } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { createOpenRouterPrices, createPricing } from '@genops/pricing';
import { type FakeUpstream, openrouterFormat, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createOpenRouter } from '../src/index.ts';

let upstream: FakeUpstream;
let governor: Governor;

beforeAll(async () => {
  upstream = await startFakeUpstream({ formats: [openrouterFormat] });
});
afterAll(() => upstream.close());
afterEach(async () => {
  await governor.close();
  upstream.reset();
});

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
}

async function entries(): Promise<readonly LedgerEntry[]> {
  return (await governor.ledger.entries()).entries;
}

function clientOf(options: Partial<Parameters<typeof createGovernor>[0]> = {}): OpenAI {
  const provider = withBaseUrl(createOpenRouter(), `${upstream.url}/api/v1`);
  governor = createGovernor({ providers: [provider], ledger: createMemoryLedger(), ...options });
  return governor.wrap(new OpenAI({ baseURL: provider.baseUrl, apiKey: upstream.apiKey }));
}

const question = { model: 'openai/gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hi' }] };

describe('a refusal of OpenRouter, by what it says limits', () => {
  it.each([
    ['402-in-flight', 402, { 'retry-after': '1' }, 2],
    ['429', 429, { 'retry-after': '1' }, 2],
    ['429-upstream', 429, { 'retry-after': '1' }, 2],
    ['503', 503, {}, 2],
    ['402-credits', 402, {}, 1],
    ['402-key-limit', 402, {}, 1],
    ['403-budget', 403, {}, 1],
    ['403-moderation', 403, {}, 1],
  ] as const)('%s: a %i with %j is asked for %i times', async (name, status, headers, times) => {
    const client = clientOf();
    const refusal = {
      status,
      headers: { 'content-type': 'application/json', ...headers },
      body: fixture(`error-${name}`),
    };
    upstream.addRule({ when: { path: '/api/v1/chat/completions' }, reply: [refusal, {}] });
    const answer = await client.chat.completions.create(question).then(
      ({ choices }) => choices.length,
      (error: { status: number; error: unknown }) => [error.status, error.error],
    );
    expect(upstream.requests).toHaveLength(times);
    const { error } = refusal.body as { error: unknown };
    expect(answer).toEqual(times === 2 ? 1 : [status, error]);
    expect((await entries()).map((entry) => [entry.status, entry.outcome])).toEqual(
      [
        [status, 'failed'],
        [200, 'completed'],
      ].slice(0, times),
    );
  });
});

describe('the live list of OpenRouter', () => {
  it('prices a model that nobody knew when this was built, and binds a budget by it', async () => {
    const live = createOpenRouterPrices({
      fetch: globalThis.fetch,
      url: `${upstream.url}/api/v1/models`,
      onError: (error) => expect.unreachable(String(error)),
    });
    const client = clientOf({
      pricing: createPricing({ live: [live] }),
      policy: { limits: [{ id: 'cap', amount: '0.01', window: 'day' }] },
    });
    const ask = (maxTokens: number) =>
      client.chat.completions.create({ ...question, model: 'acme/new-today', max_tokens: maxTokens });
    upstream.addRule({
      when: { path: '/api/v1/models' },
      reply: {
        headers: { 'content-type': 'application/json' },
        body: { data: [{ id: 'acme/new-today', pricing: { prompt: '0.000001', completion: '0.00001' } }] },
      },
    });
    upstream.addRule({
      when: { path: '/api/v1/chat/completions' },
      reply: { usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 } },
    });
    expect(createPricing().model('openrouter', 'acme/new-today', new Date().toISOString())).toBeUndefined();
    expect(await live.refresh()).toMatchObject({ result: 'updated', models: 1 });
    await ask(100);
    await expect(ask(2_000)).rejects.toMatchObject({
      code: 429,
      error: { metadata: { error_type: 'budget_exceeded' } },
    });
    const served = (await entries()).filter(({ kind }) => kind === 'settled');
    expect(served.map(({ cost }) => cost.result === 'priced' && amountOf(cost.total))).toEqual(['0.0002']);
  });
});
