import { createRequire } from 'node:module';
import { withAttribution, withBaseUrl } from '@genops/core';
import { google } from '@genops/google';
import { createGovernor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { geminiFormat } from '@genops/testing';
import { ApiError, GoogleGenAI } from '@google/genai';
import { describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

const fake = governedAgainst([geminiFormat], ({ url }) => [withBaseUrl(google, url)]);

function client(Client = GoogleGenAI): GoogleGenAI {
  return new Client({
    apiKey: fake.upstream.apiKey,
    httpOptions: { baseUrl: fake.upstream.url, fetch: fake.governor.fetch },
  });
}

const question = {
  model: 'gemini-2.5-flash',
  contents: 'What time is it?',
  config: { maxOutputTokens: 100 },
};
const usage = {
  promptTokenCount: 1000,
  cachedContentTokenCount: 400,
  candidatesTokenCount: 60,
  thoughtsTokenCount: 40,
  totalTokenCount: 1100,
};
/** 600 × 0.30 + 400 × 0.03 + 100 × 2.50, per million: thoughts are output, and the cache is a tenth. */
const cost = '0.000442';

describe('the Google client', () => {
  it('gets its answer, and leaves an entry with thoughts and cache priced apart', async () => {
    fake.upstream.setReply({ usage, text: 'Noon.' });
    const answer = await client().models.generateContent(question);
    expect(answer.text).toBe('Noon.');
    expect(answer.sdkHttpResponse?.headers?.['x-genops-cost']).toBe(cost);
    expect(await fake.entries()).toMatchObject([
      {
        provider: 'google',
        operation: 'generate_content',
        requestModel: 'gemini-2.5-flash',
        outcome: 'completed',
        usage: { inputTokens: 1000, cacheReadInputTokens: 400, outputTokens: 100, reasoningOutputTokens: 40 },
      },
    ]);
    expect(totalOf((await fake.entries())[0])).toBe(cost);
  });

  it('streams to the same bill', async () => {
    fake.upstream.setReply({ usage });
    await client().models.generateContent(question);
    let text = '';
    for await (const chunk of await client().models.generateContentStream(question)) text += chunk.text;
    expect(text).toMatch(/^This is a fake answer/);
    const [whole, streamed] = await fake.entries();
    expect(streamed).toMatchObject({ stream: true, outcome: 'completed', usage: whole?.usage });
    expect(streamed?.cost).toEqual(whole?.cost);
  });

  it('charges an estimate when it breaks out of a stream, and the upstream is told', async () => {
    fake.upstream.setReply({ chunks: 100, chunkDelayMs: 2 });
    const abort = new AbortController();
    let seen = 0;
    const asked = { ...question, config: { maxOutputTokens: 100, abortSignal: abort.signal } };
    try {
      for await (const _ of await client().models.generateContentStream(asked))
        if (++seen === 3) abort.abort();
    } catch {
      // That is how it ends.
    }
    await expect.poll(async () => (await fake.entries()).length).toBe(1);
    expect((await fake.entries())[0]).toMatchObject({ outcome: 'cancelled' });
    await expect.poll(() => fake.upstream.requests[0]?.state).toBe('client_aborted');
  });

  it('is charged for a stream that it only breaks out of when its time is up', async () => {
    fake.upstream.setReply({ chunks: 2000, chunkDelayMs: 1 });
    const governor = createGovernor({
      providers: [withBaseUrl(google, fake.upstream.url)],
      ledger: createMemoryLedger(),
      timeoutMs: 500,
    });
    const patient = new GoogleGenAI({
      apiKey: fake.upstream.apiKey,
      httpOptions: { baseUrl: fake.upstream.url, fetch: governor.fetch },
    });
    const asked = { ...question, config: { maxOutputTokens: 2000 } };
    for await (const _ of await patient.models.generateContentStream(asked)) break;
    const entries = async () => (await governor.ledger.entries()).entries;
    await expect.poll(async () => (await entries()).length, { timeout: 5_000 }).toBe(1);
    expect(await entries()).toMatchObject([{ outcome: 'incomplete', cost: { basis: 'estimated' } }]);
    await governor.close();
  });

  it('is refused in its own words when a limit is reached, after one attempt', async () => {
    await fake.limitTo('0.000001');
    const refused = await client()
      .models.generateContent(question)
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ status: 429 });
    expect((refused as ApiError).message).toContain('BUDGET_EXCEEDED');
    expect(fake.upstream.requests).toHaveLength(0);
  });

  it('passes an error on as it came and charges nothing', async () => {
    fake.upstream.setReply({ status: 503 });
    await expect(client().models.generateContent(question)).rejects.toMatchObject({ status: 503 });
    expect(totalOf((await fake.entries())[0])).toBe('0');
  });

  it('counts tokens and lists models for nothing', async () => {
    const count = await client().models.countTokens({ model: question.model, contents: question.contents });
    expect(count.totalTokens).toBeGreaterThan(0);
    await client().models.list();
    expect(await fake.entries()).toEqual([]);
  });

  it('works the same from CommonJS', async () => {
    const common = createRequire(import.meta.url)('@google/genai') as {
      readonly GoogleGenAI: typeof GoogleGenAI;
    };
    expect(common.GoogleGenAI).not.toBe(GoogleGenAI);
    fake.upstream.setReply({ usage });
    await withAttribution({ team: 'search' }, () =>
      client(common.GoogleGenAI).models.generateContent(question),
    );
    expect(await fake.entries()).toMatchObject([{ attribution: { team: 'search' } }]);
    expect(totalOf((await fake.entries())[0])).toBe(cost);
  });
});
