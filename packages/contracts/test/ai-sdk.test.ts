import { createOpenAI } from '@ai-sdk/openai';
import { genopsMiddleware } from '@genops/ai-sdk';
import { type Attribution, withBaseUrl } from '@genops/core';
import { openai } from '@genops/openai';
import { openaiFormat } from '@genops/testing';
import { APICallError, embed, generateText, type LanguageModel, streamText, wrapLanguageModel } from 'ai';
import { describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

const fake = governedAgainst([openaiFormat], ({ url }) => [withBaseUrl(openai, `${url}/v1`)]);

function provider(): ReturnType<typeof createOpenAI> {
  return createOpenAI({
    baseURL: `${fake.upstream.url}/v1`,
    apiKey: fake.upstream.apiKey,
    fetch: fake.governor.fetch,
  });
}

function model(attribution?: Attribution): LanguageModel {
  return wrapLanguageModel({
    model: provider().chat('gpt-4o-mini'),
    middleware: genopsMiddleware({ ledger: fake.governor.ledger, ...(attribution && { attribution }) }),
  });
}

const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
/** 1000 × 0.15 + 100 × 0.60, per million. */
const cost = '0.00021';
const prompt = { prompt: 'What time is it?', maxOutputTokens: 100 };

describe('genopsMiddleware', () => {
  it('says for whom a call is, and tells what it came to', async () => {
    fake.upstream.setReply({ usage });
    const { providerMetadata } = await generateText({
      model: model({ team: 'search', feature: 'rank' }),
      ...prompt,
      providerOptions: { genops: { feature: 'rerank', tags: { run: '7' } } },
    });
    const [entry] = await fake.entries();
    expect(entry?.attribution).toEqual({ team: 'search', feature: 'rerank', tags: { run: '7' } });
    expect(providerMetadata?.['genops']).toEqual({
      requestId: entry?.operationId,
      cost,
      currency: 'USD',
      costBasis: 'computed',
    });
    expect(fake.upstream.requests[0]?.body.toString()).not.toContain('genops');
  });

  it('tells the cost of a stream at its end', async () => {
    fake.upstream.setReply({ usage });
    const result = streamText({ model: model({ team: 'search' }), ...prompt });
    expect(await result.text).toMatch(/^This is a fake answer/);
    expect((await result.providerMetadata)?.['genops']).toMatchObject({ cost, costBasis: 'computed' });
    expect(await fake.entries()).toMatchObject([
      { stream: true, outcome: 'completed', attribution: { team: 'search' } },
    ]);
  });

  it('has the same bill for a stream as for a whole answer', async () => {
    fake.upstream.setReply({ usage });
    await generateText({ model: model(), ...prompt });
    await streamText({ model: model(), ...prompt }).consumeStream();
    const [whole, streamed] = await fake.entries();
    expect([totalOf(whole), totalOf(streamed)]).toEqual([cost, cost]);
    expect(streamed?.usage).toEqual(whole?.usage);
  });

  it('charges an estimate when a stream is aborted', async () => {
    fake.upstream.setReply({ chunks: 100, chunkDelayMs: 2 });
    const abort = new AbortController();
    const { textStream } = streamText({ model: model(), ...prompt, abortSignal: abort.signal });
    let seen = 0;
    for await (const _ of textStream) if (++seen === 3) abort.abort();
    await expect.poll(async () => (await fake.entries()).length).toBe(1);
    expect((await fake.entries())[0]).toMatchObject({ outcome: 'cancelled', cost: { basis: 'estimated' } });
    await expect.poll(() => fake.upstream.requests[0]?.state).toBe('client_aborted');
  });

  it('is refused once, although the SDK tries every 429 again', async () => {
    await fake.limitTo('0.000001');
    const refused = await generateText({ model: model(), ...prompt }).catch((error: unknown) => error);
    expect(APICallError.isInstance(refused)).toBe(true);
    expect(refused).toMatchObject({ statusCode: 429, isRetryable: false });
    expect((refused as Error).message).toContain('"cap" has 0.000001 USD left');
    expect(await fake.entries()).toHaveLength(1);
    expect(fake.upstream.requests).toHaveLength(0);
  });

  it('leaves calls that no governor saw as they are', async () => {
    const bare = createOpenAI({ baseURL: `${fake.upstream.url}/v1`, apiKey: fake.upstream.apiKey });
    const ungoverned = wrapLanguageModel({ model: bare.chat('gpt-4o-mini'), middleware: genopsMiddleware() });
    const { providerMetadata } = await generateText({ model: ungoverned, ...prompt });
    expect(providerMetadata?.['genops']).toBeUndefined();
    const { text } = streamText({ model: ungoverned, ...prompt });
    expect(await text).not.toBe('');
  });
});

describe('a governed fetch', () => {
  it('is enough for models without the middleware: responses and embeddings too', async () => {
    await generateText({ model: provider().responses('gpt-4o-mini'), ...prompt });
    await embed({ model: provider().embedding('text-embedding-3-small'), value: 'Where?' });
    expect(await fake.entries()).toMatchObject([
      { operation: 'chat', outcome: 'completed' },
      { operation: 'embeddings', outcome: 'completed' },
    ]);
  });
});
