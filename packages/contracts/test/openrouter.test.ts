import { amountOf, withBaseUrl } from '@genops/core';
import { createOpenRouter, openrouterRequest } from '@genops/openrouter';
import { openrouterFormat } from '@genops/testing';
import { HTTPClient, OpenRouter } from '@openrouter/sdk';
import OpenAI from 'openai';
import { beforeEach, describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

const fake = governedAgainst([openrouterFormat], ({ url }) => [
  withBaseUrl(createOpenRouter({ app: { url: 'https://example.com', title: 'Tests' } }), `${url}/api/v1`),
]);

function baseUrl(): string {
  return `${fake.upstream.url}/api/v1`;
}

const question = {
  model: 'openai/gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_tokens: 100,
};

describe('the openai client', () => {
  let client: OpenAI;
  beforeEach(() => {
    client = fake.governor.wrap(new OpenAI({ baseURL: baseUrl(), apiKey: fake.upstream.apiKey }));
  });

  it('books what OpenRouter says it charged, and who served', async () => {
    const { data, response } = await client.chat.completions.create(question).withResponse();
    expect(response.headers.get('x-genops-cost')).toBe('0.0000222');
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({
      provider: 'openrouter',
      responseId: data.id,
      cost: { basis: 'reported', computed: { total: expect.anything() } },
      gateway: { hostProvider: 'Fake Host' },
    });
  });

  it('says who calls and asks for the trace, and lets the caller say otherwise', async () => {
    await client.chat.completions.create(question, { headers: { 'x-openrouter-title': 'Mine' } });
    expect(fake.upstream.requests[0]?.headers).toMatchObject({
      'http-referer': 'https://example.com',
      'x-openrouter-title': 'Mine',
      'x-openrouter-metadata': 'enabled',
      authorization: `Bearer ${fake.upstream.apiKey}`,
    });
  });

  it('has the same bill for a stream as for a whole answer, comments notwithstanding', async () => {
    await client.chat.completions.create(question);
    for await (const _ of await client.chat.completions.create({ ...question, stream: true })) {
      // To the end.
    }
    const [whole, streamed] = await fake.entries();
    expect({ ...streamed?.usage }).toEqual({ ...whole?.usage });
    expect(streamed?.cost).toEqual(whole?.cost);
    expect(streamed).toMatchObject({ outcome: 'completed', gateway: whole?.gateway });
  });

  it('sends what its short words stand for', async () => {
    const body = openrouterRequest({
      ...question,
      provider: 'anthropic',
      route: 'fallback',
      fallbacks: ['anthropic/claude-sonnet-4.5', 'google/gemini-2.5-flash'],
      transforms: ['middle-out'],
    });
    await client.chat.completions.create(body as never);
    expect(fake.upstream.requests[0]?.json).toEqual(body);
  });

  it('books the fee and the other bill on lines of their own with the caller’s own key', async () => {
    fake.upstream.setReply({
      usage: {
        prompt_tokens: 480,
        completion_tokens: 33,
        total_tokens: 513,
        cost: 0.0000113,
        is_byok: true,
        cost_details: { upstream_inference_cost: 0.0002265 },
      },
    });
    await client.chat.completions.create(question);
    const [entry] = await fake.entries();
    expect(totalOf(entry)).toBe('0.0002378');
    expect(entry?.cost).toMatchObject({
      lines: [
        { meter: 'gateway_fee', unitPrice: '0.0000113' },
        { meter: 'request', unitPrice: '0.0002265', invoiceIssuer: 'Fake Host' },
      ],
    });
  });

  it('puts a stream right that was left early, by its receipt', async () => {
    fake.upstream.setReply({ chunks: 200, chunkDelayMs: 2 });
    fake.upstream.addRule({
      when: { path: '/api/v1/generation' },
      reply: [
        { status: 404 },
        {
          body: {
            data: {
              id: 'gen-1762345678-fake1',
              model: 'openai/gpt-4o-mini',
              provider_name: 'Azure',
              total_cost: 0.00123,
              native_tokens_prompt: 20,
              native_tokens_completion: 180,
              is_byok: false,
            },
          },
        },
      ],
    });
    let seen = 0;
    for await (const _ of await client.chat.completions.create({
      ...question,
      max_tokens: 200,
      stream: true,
    })) {
      if (++seen === 3) break;
    }
    await expect.poll(async () => (await fake.entries()).length, { timeout: 10_000 }).toBe(2);
    const [estimate, correction] = await fake.entries();
    expect(estimate).toMatchObject({
      outcome: 'cancelled',
      cost: { basis: 'estimated' },
      responseId: 'gen-1762345678-fake1',
    });
    expect(correction).toMatchObject({
      kind: 'correction',
      corrects: estimate?.id,
      flags: ['receipt'],
      gateway: { hostProvider: 'Azure' },
    });
    const [sum] = await fake.governor.ledger.sum({ by: [] });
    expect(sum && amountOf(sum.cost)).toBe('0.00123');
    expect(fake.upstream.requests.map(({ url }) => url).slice(1)).toEqual([
      '/api/v1/generation?id=gen-1762345678-fake1',
      '/api/v1/generation?id=gen-1762345678-fake1',
    ]);
  });

  it('asks for no receipt once the governor is closed', async () => {
    fake.upstream.setReply({ chunks: 200, chunkDelayMs: 2 });
    for await (const _ of await client.chat.completions.create({ ...question, stream: true })) break;
    await expect.poll(async () => (await fake.entries()).length).toBe(1);
    await fake.governor.close();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(fake.upstream.requests).toHaveLength(1);
  });

  it('has the usage of a stream that OpenRouter tells unasked, and adds nothing to the request', async () => {
    const asked = { ...question, stream: true as const };
    const chunks = [];
    for await (const chunk of await client.chat.completions.create(asked)) chunks.push(chunk);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { cost: 0.0000222 } });
    expect(fake.upstream.requests[0]?.json).toEqual(asked);
  });

  it('holds for the dearest of the models that may serve', async () => {
    const dear = { ...question, models: ['openai/gpt-4o'] };
    await client.chat.completions.create(question);
    await client.chat.completions.create(dear as never);
    const [cheap, held] = (await fake.entries()).map((entry) => entry.held?.amount);
    expect(held !== undefined && cheap !== undefined && held.gt(cheap.times('10'))).toBe(true);
  });

  it('passes an error in the middle of a stream on, and charges an estimate', async () => {
    fake.upstream.setReply({ fault: { kind: 'error_event', after: 5 } });
    const read = async (): Promise<void> => {
      for await (const _ of await client.chat.completions.create({ ...question, stream: true })) {
        // Until it breaks.
      }
    };
    await expect(read()).rejects.toThrow('Provider disconnected unexpectedly');
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({ cost: { basis: 'estimated' } });
    expect(['incomplete', 'cancelled']).toContain(entry?.outcome);
  });

  it('passes a refusal of OpenRouter on as it came, and charges nothing', async () => {
    fake.upstream.setReply({
      status: 402,
      error: { message: 'No credits', code: 'openrouter_credits', type: 'payment_required' },
    });
    await expect(client.chat.completions.create(question)).rejects.toMatchObject({
      status: 402,
      error: { code: 402, metadata: { limit_source: 'openrouter_credits' } },
    });
    expect(totalOf((await fake.entries())[0])).toBe('0');
  });
});

describe('the OpenRouter client', () => {
  function client(): OpenRouter {
    return new OpenRouter({
      apiKey: fake.upstream.apiKey,
      serverURL: baseUrl(),
      httpClient: new HTTPClient({ fetcher: fake.governor.fetch }),
      retryConfig: { strategy: 'none' },
    });
  }
  const chatRequest = {
    model: question.model,
    messages: question.messages,
    maxTokens: question.max_tokens,
  };

  it('leaves the same entries as the openai client, streamed or not', async () => {
    const openai = fake.governor.wrap(new OpenAI({ baseURL: baseUrl(), apiKey: fake.upstream.apiKey }));
    await openai.chat.completions.create(question);
    const answer = await client().chat.send({ chatRequest });
    expect(answer).toMatchObject({ usage: { promptTokens: 100, cost: 0.0000222 } });
    const stream = await client().chat.send({ chatRequest: { ...chatRequest, stream: true } });
    for await (const _ of stream as AsyncIterable<unknown>) {
      // To the end.
    }
    const bills = (await fake.entries()).map(({ usage, cost, provider, requestModel, outcome }) => ({
      usage: { ...usage },
      cost,
      provider,
      requestModel,
      outcome,
    }));
    expect(bills).toHaveLength(3);
    expect(bills[1]).toEqual(bills[0]);
    expect(bills[2]).toEqual(bills[0]);
  });

  it('lists models without an entry', async () => {
    await client().models.list();
    expect(await fake.entries()).toEqual([]);
  });
});
