import { createRequire } from 'node:module';
import { withBaseUrl } from '@genops/core';
import { groq } from '@genops/openai-compatible';
import { openaiFormat } from '@genops/testing';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { governedAgainst, totalOf } from './governed.ts';

const fake = governedAgainst([openaiFormat], ({ url }) => [withBaseUrl(groq, `${url}/v1`)]);

const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
/** 1000 × 0.59 + 100 × 0.79, per million. */
const cost = '0.000669';
const question = {
  model: 'llama-3.3-70b-versatile',
  messages: [{ role: 'user' as const, content: 'What time is it?' }],
  max_completion_tokens: 100,
};

const common = (createRequire(import.meta.url)('openai') as { readonly OpenAI: typeof OpenAI }).OpenAI;

it('has two clients to test: one of each module system', () => {
  expect(common).not.toBe(OpenAI);
});

describe.each([
  ['ESM', OpenAI],
  ['CommonJS', common],
])('the openai client from %s', (_, Client) => {
  function client(): OpenAI {
    return fake.governor.wrap(
      new Client({ baseURL: `${fake.upstream.url}/v1`, apiKey: fake.upstream.apiKey }),
    );
  }

  it('keeps withResponse and asResponse', async () => {
    fake.upstream.setReply({ usage });
    const { data, response, request_id } = await client().chat.completions.create(question).withResponse();
    expect(data.usage).toEqual(usage);
    expect(request_id).toBe('req_fake1');
    expect(response.headers.get('x-genops-cost')).toBe(cost);
    const raw = await client().chat.completions.create(question).asResponse();
    expect(await raw.json()).toMatchObject({ usage });
    expect((await fake.entries()).map(totalOf)).toEqual([cost, cost]);
  });

  it('keeps parse', async () => {
    fake.upstream.setReply({ usage, text: '{"hour":12}' });
    const answer = await client().chat.completions.parse({
      ...question,
      response_format: zodResponseFormat(z.object({ hour: z.number() }), 'time'),
    });
    expect(answer.choices[0]?.message.parsed).toEqual({ hour: 12 });
    expect((await fake.entries()).map(totalOf)).toEqual([cost]);
  });

  it('streams to the same bill, whichever way the stream is read', async () => {
    fake.upstream.setReply({ usage });
    await client().chat.completions.create(question);
    for await (const _ of await client().chat.completions.create({ ...question, stream: true })) {
      // To the end.
    }
    const events: string[] = [];
    const stream = client().chat.completions.stream(question);
    stream.on('content', (delta) => events.push(delta));
    await stream.finalChatCompletion();
    expect(events.length).toBeGreaterThan(1);
    const [left, right] = (await client().chat.completions.create({ ...question, stream: true })).tee();
    for await (const _ of left) {
      // To the end.
    }
    for await (const _ of right) {
      // To the end.
    }
    const [whole, ...streamed] = await fake.entries();
    expect(streamed).toHaveLength(3);
    for (const entry of streamed) {
      expect(entry).toMatchObject({ outcome: 'completed', usage: whole?.usage });
      expect(entry.cost).toEqual(whole?.cost);
    }
  });

  it('charges an estimate for what a caller left early', async () => {
    fake.upstream.setReply({ usage, chunks: 50, chunkDelayMs: 2 });
    let seen = 0;
    for await (const _ of await client().chat.completions.create({ ...question, stream: true })) {
      if (++seen === 3) break;
    }
    await expect.poll(async () => (await fake.entries()).length).toBe(1);
    expect((await fake.entries())[0]).toMatchObject({ outcome: 'cancelled', cost: { basis: 'estimated' } });
    await expect.poll(() => fake.upstream.requests[0]?.state).toBe('client_aborted');
  });

  it('can be aborted before there is an answer', async () => {
    fake.upstream.holdResponses();
    const abort = new AbortController();
    const pending = client().chat.completions.create(question, { signal: abort.signal });
    const aborted = expect(pending).rejects.toBeInstanceOf(Client.APIUserAbortError);
    await fake.upstream.waitForHeld(1);
    abort.abort();
    await aborted;
    await expect.poll(async () => (await fake.entries()).length).toBe(1);
    fake.upstream.releaseAll();
  });
});
