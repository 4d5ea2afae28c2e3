import { amountOf } from '@genops/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ProxyUnderTest, proxyUnderTest, virtualKey } from './running-proxy.ts';

let under: ProxyUnderTest;
beforeAll(async () => {
  under = await proxyUnderTest({
    limits: [{ id: 'cap', amount: '10', window: 'month' }],
    rules: [{ id: 'no-o1', effect: 'deny', when: { model: ['o1*'] } }],
  });
});
beforeEach(() => under.upstream.reset());
afterAll(() => under.close());

const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'What time is it?' }],
  max_completion_tokens: 50,
};
const post = (path: string, body: unknown, key = virtualKey): Promise<Response> =>
  fetch(`${under.proxy.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('POST /cost/estimate', () => {
  it('says what will be held for the same request, to the last digit, and sends nothing', async () => {
    const response = await post('/cost/estimate', question);
    expect(response.status).toBe(200);
    const estimate = (await response.json()) as Record<string, unknown>;
    expect(under.upstream.requests).toHaveLength(0);
    expect(estimate).toMatchObject({
      object: 'cost.estimate',
      model: 'gpt-4o-mini',
      verdict: 'allowed',
      currency: 'USD',
      places: [{ provider: 'openai', model: 'gpt-4o-mini', result: 'priced', max_output_tokens: 50 }],
    });

    await (await post('/v1/chat/completions', question)).arrayBuffer();
    const { entries } = await under.proxy.governor.ledger.entries({ order: 'newest_first' });
    expect(entries).toHaveLength(1);
    expect(estimate['max_cost']).toBe(amountOf(entries[0]?.held as NonNullable<(typeof entries)[0]['held']>));
  });

  it('expects no more than the most', async () => {
    const body = (await (await post('/cost/estimate', question)).json()) as {
      places: { max_cost: string; expected_cost: string }[];
    };
    const [place] = body.places;
    expect(Number(place?.expected_cost)).toBeGreaterThan(0);
    expect(Number(place?.expected_cost)).toBeLessThanOrEqual(Number(place?.max_cost));
  });

  it('expects of an order of many the most that it can come to, which is all that is known', async () => {
    const own = await proxyUnderTest({ providers: [{ type: 'anthropic', apiKey: 'env:UPSTREAM_KEY' }] });
    try {
      const request = (maxTokens: number): object => ({
        model: 'claude-haiku-4-5',
        max_tokens: maxTokens,
        messages: [{ role: 'user', content: 'Hello' }],
      });
      const estimate = async (path: string, body: object) =>
        (await (
          await fetch(`${own.proxy.url}/cost/estimate${path}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${virtualKey}`, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          })
        ).json()) as { places: { max_cost: string; expected_cost: string }[] };
      const { places } = await estimate('/v1/messages/batches', {
        requests: [
          { custom_id: 'one', params: request(1000) },
          { custom_id: 'two', params: request(2000) },
        ],
      });
      const [alone] = (await estimate('/v1/messages', request(3000))).places;
      expect(places).toHaveLength(1);
      expect(places[0]?.expected_cost).toBe(places[0]?.max_cost);
      expect(Number(places[0]?.max_cost)).toBeGreaterThan(0);
      expect(Number(places[0]?.max_cost)).toBeLessThan(Number(alone?.max_cost));
    } finally {
      await own.close();
    }
  });

  it('estimates any other call by its path', async () => {
    const response = await post('/cost/estimate/v1/embeddings', {
      model: 'text-embedding-3-small',
      input: 'Hello',
    });
    expect(await response.json()).toMatchObject({ model: 'text-embedding-3-small', verdict: 'allowed' });
  });

  it('says that a rule would refuse the call, and that a price is missing', async () => {
    expect(await (await post('/cost/estimate', { ...question, model: 'o1' })).json()).toMatchObject({
      verdict: 'blocked',
      max_cost: null,
      places: [],
    });
    expect(await (await post('/cost/estimate', { ...question, model: 'no-such' })).json()).toMatchObject({
      verdict: 'blocked',
      max_cost: null,
      message: expect.stringContaining('no-such'),
    });
  });

  it.each([
    ['no JSON', '{', 400],
    ['no model', { messages: [] }, 400],
    ['too much', 'x'.repeat(200_000), 413],
  ])('answers %s as the call itself would', async (_what, body, status) => {
    expect((await post('/cost/estimate', body)).status).toBe(status);
  });

  it('wants a key', async () => {
    expect((await post('/cost/estimate', question, 'gk-somebody-elses-key')).status).toBe(401);
  });

  it('records nothing', async () => {
    const before = (await under.proxy.governor.ledger.entries()).entries.length;
    await post('/cost/estimate', question);
    expect((await under.proxy.governor.ledger.entries()).entries).toHaveLength(before);
  });
});

describe('paths without /v1', () => {
  it('are the same calls', async () => {
    const response = await post('/chat/completions', question);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-genops-cost')).toMatch(/^0\.0/);
    const models = await fetch(`${under.proxy.url}/models`, {
      headers: { authorization: `Bearer ${virtualKey}` },
    });
    expect(JSON.stringify(await models.json())).toContain('gpt-4o-mini');
    expect((await post('/models/completions', question)).status).toBe(404);
    expect((await fetch(`${under.proxy.url}/models`)).status).toBe(401);
  });
});
