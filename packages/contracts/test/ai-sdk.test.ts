import { createOpenAI } from '@ai-sdk/openai';
import { genopsMiddleware } from '@genops/ai-sdk';
import { type Attribution, amountOf, type LedgerEntry, withBaseUrl } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { APICallError, embed, generateText, type LanguageModel, streamText, wrapLanguageModel } from 'ai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let upstream: FakeUpstream;
let governor: Governor;
const errors: unknown[] = [];

beforeAll(async () => {
  upstream = await startFakeUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => govern());
afterEach(async () => {
  await governor.close();
  upstream.reset();
  expect(errors.splice(0)).toEqual([]);
});

function govern(limit?: string): void {
  governor = createGovernor({
    providers: [withBaseUrl(openai, `${upstream.url}/v1`)],
    ledger: createMemoryLedger(),
    onError: (error) => errors.push(error),
    ...(limit !== undefined && { policy: { limits: [{ id: 'cap', amount: limit, window: 'lifetime' }] } }),
  });
}

function provider(): ReturnType<typeof createOpenAI> {
  return createOpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey, fetch: governor.fetch });
}

function model(attribution?: Attribution): LanguageModel {
  return wrapLanguageModel({
    model: provider().chat('gpt-4o-mini'),
    middleware: genopsMiddleware({ ledger: governor.ledger, ...(attribution && { attribution }) }),
  });
}

const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
/** 1000 × 0.15 + 100 × 0.60, per million. */
const cost = '0.00021';
const prompt = { prompt: 'What time is it?', maxOutputTokens: 100 };

async function entries(): Promise<readonly LedgerEntry[]> {
  return (await governor.ledger.entries()).entries;
}

function totalOf(entry: LedgerEntry | undefined): string | undefined {
  return entry?.cost.result === 'priced' ? amountOf(entry.cost.total) : undefined;
}

describe('genopsMiddleware', () => {
  it('says for whom a call is, and tells what it came to', async () => {
    upstream.setReply({ usage });
    const { providerMetadata } = await generateText({
      model: model({ team: 'search', feature: 'rank' }),
      ...prompt,
      providerOptions: { genops: { feature: 'rerank', tags: { run: '7' } } },
    });
    const [entry] = await entries();
    expect(entry?.attribution).toEqual({ team: 'search', feature: 'rerank', tags: { run: '7' } });
    expect(providerMetadata?.['genops']).toEqual({
      requestId: entry?.operationId,
      cost,
      currency: 'USD',
      costBasis: 'computed',
    });
    expect(upstream.requests[0]?.body.toString()).not.toContain('genops');
  });

  it('tells the cost of a stream at its end', async () => {
    upstream.setReply({ usage });
    const result = streamText({ model: model({ team: 'search' }), ...prompt });
    expect(await result.text).toMatch(/^This is a fake answer/);
    expect((await result.providerMetadata)?.['genops']).toMatchObject({ cost, costBasis: 'computed' });
    expect(await entries()).toMatchObject([
      { stream: true, outcome: 'completed', attribution: { team: 'search' } },
    ]);
  });

  it('has the same bill for a stream as for a whole answer', async () => {
    upstream.setReply({ usage });
    await generateText({ model: model(), ...prompt });
    await streamText({ model: model(), ...prompt }).consumeStream();
    const [whole, streamed] = await entries();
    expect([totalOf(whole), totalOf(streamed)]).toEqual([cost, cost]);
    expect(streamed?.usage).toEqual(whole?.usage);
  });

  it('charges an estimate when a stream is aborted', async () => {
    upstream.setReply({ chunks: 100, chunkDelayMs: 2 });
    const abort = new AbortController();
    const { textStream } = streamText({ model: model(), ...prompt, abortSignal: abort.signal });
    let seen = 0;
    for await (const _ of textStream) if (++seen === 3) abort.abort();
    await expect.poll(async () => (await entries()).length).toBe(1);
    expect((await entries())[0]).toMatchObject({ outcome: 'cancelled', cost: { basis: 'estimated' } });
    await expect.poll(() => upstream.requests[0]?.state).toBe('client_aborted');
  });

  it('is refused once, although the SDK tries every 429 again', async () => {
    await governor.close();
    govern('0.000001');
    const refused = await generateText({ model: model(), ...prompt }).catch((error: unknown) => error);
    expect(APICallError.isInstance(refused)).toBe(true);
    expect(refused).toMatchObject({ statusCode: 429, isRetryable: false });
    expect((refused as Error).message).toContain('"cap" has 0.000001 USD left');
    expect(await entries()).toHaveLength(1);
    expect(upstream.requests).toHaveLength(0);
  });

  it('leaves calls that no governor saw as they are', async () => {
    const bare = createOpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey });
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
    expect(await entries()).toMatchObject([
      { operation: 'chat', outcome: 'completed' },
      { operation: 'embeddings', outcome: 'completed' },
    ]);
  });
});
