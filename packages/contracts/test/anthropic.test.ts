import Anthropic from '@anthropic-ai/sdk';
import { anthropic } from '@genops/anthropic';
import { withAttribution, withBaseUrl } from '@genops/core';
import { anthropicFormat } from '@genops/testing';
import { describe, expect, it } from 'vitest';
import { governedAgainst, totalOf } from './governed.ts';

const fake = governedAgainst([anthropicFormat], ({ url }) => [withBaseUrl(anthropic, url)]);

function client(): Anthropic {
  return fake.governor.wrap(new Anthropic({ baseURL: fake.upstream.url, apiKey: fake.upstream.apiKey }));
}

const question = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
};
const usage = {
  input_tokens: 100,
  cache_creation_input_tokens: 200,
  cache_read_input_tokens: 1000,
  cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 0 },
  output_tokens: 50,
};
/** 100 × 3 + 200 × 3.75 + 1000 × 0.30 + 50 × 15, per million. */
const cost = '0.0021';

describe('the Anthropic client', () => {
  it('keeps its promise helpers, and leaves an entry that is priced part by part', async () => {
    fake.upstream.setReply({ usage });
    const { data, response } = await client().messages.create(question).withResponse();
    expect(data.usage).toMatchObject({ input_tokens: 100 });
    expect(response.headers.get('x-genops-cost')).toBe(cost);
    const raw = await client().messages.create(question).asResponse();
    expect(await raw.json()).toMatchObject({ type: 'message' });
    expect((await fake.entries()).map(totalOf)).toEqual([cost, cost]);
    expect((await fake.entries())[0]).toMatchObject({
      provider: 'anthropic',
      usage: {
        inputTokens: 1300,
        cacheReadInputTokens: 1000,
        cacheCreationInputTokens: 200,
        outputTokens: 50,
      },
    });
  });

  it('streams to the same bill, whichever way the stream is read', async () => {
    fake.upstream.setReply({ usage });
    await client().messages.create(question);
    for await (const _ of await client().messages.create({ ...question, stream: true })) {
      // To the end.
    }
    const final = await client().messages.stream(question).finalMessage();
    expect(final.usage.output_tokens).toBe(50);
    const [whole, ...streamed] = await fake.entries();
    expect(streamed).toHaveLength(2);
    for (const entry of streamed) {
      expect(entry).toMatchObject({ outcome: 'completed', usage: whole?.usage });
      expect(entry.cost).toEqual(whole?.cost);
    }
  });

  it('charges an estimate when it breaks out of a stream, and the upstream is told', async () => {
    fake.upstream.setReply({ usage, chunks: 50, chunkDelayMs: 2 });
    let seen = 0;
    for await (const _ of await client().messages.create({ ...question, stream: true }))
      if (++seen === 10) break;
    await expect.poll(async () => (await fake.entries()).length).toBe(1);
    // What the start says of the output is one token; what the stream had shown was more.
    const [entry] = await fake.entries();
    expect(entry).toMatchObject({
      outcome: 'cancelled',
      usage: { inputTokens: 1300, cacheReadInputTokens: 1000, cacheCreationInputTokens: 200 },
      cost: { basis: 'estimated' },
    });
    expect(entry?.usage?.outputTokens).toBeGreaterThan(1);
    await expect.poll(() => fake.upstream.requests[0]?.state).toBe('client_aborted');
  });

  it('can be aborted before there is an answer', async () => {
    fake.upstream.holdResponses();
    const abort = new AbortController();
    const pending = client().messages.create(question, { signal: abort.signal });
    const aborted = expect(pending).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    await fake.upstream.waitForHeld(1);
    abort.abort();
    await aborted;
    await expect.poll(async () => (await fake.entries()).length).toBe(1);
    fake.upstream.releaseAll();
  });

  it('keeps its version, and betas that people ask for', async () => {
    await client().messages.create(question, { headers: { 'anthropic-beta': 'some-beta-2026-01-01' } });
    const bare = new Anthropic({ baseURL: fake.upstream.url, apiKey: fake.upstream.apiKey });
    await bare.messages.create(question);
    const [governed, direct] = fake.upstream.requests;
    expect(governed?.headers['anthropic-beta']).toBe('some-beta-2026-01-01');
    expect(governed?.headers['anthropic-version']).toBe(direct?.headers['anthropic-version']);
  });

  it('keeps its own middleware', async () => {
    const seen: string[] = [];
    const withMiddleware = fake.governor.wrap(
      new Anthropic({
        baseURL: fake.upstream.url,
        apiKey: fake.upstream.apiKey,
        middleware: [
          async (request, next) => {
            seen.push('before');
            const response = await next(request);
            seen.push(`after ${response.headers.get('x-genops-cost-basis')}`);
            return response;
          },
        ],
      }),
    );
    await withMiddleware.messages.create(question);
    expect(seen).toEqual(['before', 'after computed']);
    expect(await fake.entries()).toHaveLength(1);
  });

  it('is refused in its own words when a limit is reached, after one attempt', async () => {
    await fake.limitTo('0.000001');
    const refused = client().messages.create(question);
    await expect(refused).rejects.toMatchObject({
      status: 429,
      error: { type: 'error', error: { code: 'budget_exceeded', reason_code: 'BUDGET_EXCEEDED' } },
    });
    await expect(refused).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    expect(fake.upstream.requests).toHaveLength(0);
  });

  it('counts tokens and lists models for nothing', async () => {
    await client().messages.countTokens({ model: question.model, messages: question.messages });
    await client().models.list();
    expect(await fake.entries()).toEqual([]);
    expect(fake.upstream.requests).toHaveLength(2);
  });

  it('works the same from CommonJS', async () => {
    const { createRequire } = await import('node:module');
    const { Anthropic: CommonAnthropic } = createRequire(import.meta.url)('@anthropic-ai/sdk') as {
      readonly Anthropic: typeof Anthropic;
    };
    expect(CommonAnthropic).not.toBe(Anthropic);
    fake.upstream.setReply({ usage });
    const common = fake.governor.wrap(
      new CommonAnthropic({ baseURL: fake.upstream.url, apiKey: fake.upstream.apiKey }),
    );
    await withAttribution({ team: 'search' }, () => common.messages.create(question));
    expect((await fake.entries())[0]).toMatchObject({ attribution: { team: 'search' } });
    expect((await fake.entries()).map(totalOf)).toEqual([cost]);
  });
});
