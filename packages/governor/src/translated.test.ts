import Anthropic from '@anthropic-ai/sdk';
import { anthropic } from '@genops/anthropic';
import { type Provider, withBaseUrl } from '@genops/core';
import { google } from '@genops/google';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import {
  anthropicFormat,
  type FakeUpstream,
  geminiFormat,
  openaiFormat,
  startFakeUpstream,
} from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createGovernor, type Governor } from './index.ts';

let upstream: FakeUpstream;
let geminiUpstream: FakeUpstream;
let governor: Governor;

beforeAll(async () => {
  upstream = await startFakeUpstream({ formats: [openaiFormat, anthropicFormat] });
  geminiUpstream = await startFakeUpstream({ formats: [geminiFormat] });
});
afterAll(async () => {
  await upstream.close();
  await geminiUpstream.close();
});
afterEach(async () => {
  await governor.close();
  upstream.reset();
  geminiUpstream.reset();
});

const models = { openai: 'gpt-4o-mini', anthropic: 'claude-sonnet-4-6', google: 'gemini-2.5-flash' } as const;
type Name = keyof typeof models;

/** One of the three is addressed and down; another one takes its place. */
function setUp(down: Name, served: Name): void {
  const providers: readonly Provider[] = [
    withBaseUrl(openai, `${upstream.url}/v1`),
    withBaseUrl(anthropic, upstream.url),
    // As a provider that speaks nothing but its own format.
    {
      ...withBaseUrl(google, geminiUpstream.url),
      routes: google.routes.filter((route) => route.kind !== 'metered' || route.dialect.id === 'gemini'),
    },
  ];
  const place = (provider: Name) => ({
    provider,
    model: models[provider],
    apiKey: { id: `key-${provider}`, secret: upstream.apiKey },
  });
  governor = createGovernor({
    providers,
    ledger: createMemoryLedger(),
    routing: { strategy: 'failover', routes: [{ models: ['*'], targets: [place(down), place(served)] }] },
  });
  upstream.addRule({ when: ({ path }) => isOf(down, path), reply: { status: 503 } });
}

function isOf(name: Name, path: string): boolean {
  if (name === 'openai') return path.endsWith('/chat/completions');
  return name === 'anthropic' ? path.endsWith('/messages') : path.includes('enerateContent');
}

const openaiClient = () =>
  governor.wrap(new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }));
const anthropicClient = () =>
  governor.wrap(new Anthropic({ baseURL: upstream.url, apiKey: upstream.apiKey }), { provider: anthropic });

const messages = [{ role: 'user' as const, content: 'What time is it?' }];

async function booked() {
  const { entries } = await governor.ledger.entries();
  return entries.map(({ provider, requestModel, outcome, status }) => ({
    provider,
    requestModel,
    outcome,
    status,
  }));
}

describe.each(['anthropic', 'google'] as const)('a caller of OpenAI', (served) => {
  it(`is served by ${served}, whole`, async () => {
    setUp('openai', served);
    const answer = await openaiClient().chat.completions.create({
      model: models.openai,
      messages,
      max_tokens: 50,
    });
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: expect.stringContaining('fake answer') },
    });
    expect(answer.usage?.completion_tokens).toBe(12);
    expect(await booked()).toEqual([
      { provider: 'openai', requestModel: models.openai, outcome: 'failed', status: 503 },
      { provider: served, requestModel: models[served], outcome: 'completed', status: 200 },
    ]);
  });

  it(`is served by ${served}, streamed`, async () => {
    setUp('openai', served);
    const completion = await openaiClient()
      .chat.completions.stream({
        model: models.openai,
        messages,
        max_tokens: 50,
        stream_options: { include_usage: true },
      })
      .finalChatCompletion();
    expect(completion.choices[0]?.message.content).toContain('fake answer');
    expect(completion.usage?.completion_tokens).toBe(12);
    expect((await booked())[1]).toMatchObject({ provider: served, outcome: 'completed' });
  });

  it(`reads an error of ${served} in their own words`, async () => {
    setUp('openai', served);
    const other = served === 'google' ? geminiUpstream : upstream;
    other.addRule({
      when: ({ path }) => isOf(served, path),
      reply: { status: 400, error: { message: 'The messages make no sense' } },
    });
    await expect(
      openaiClient().chat.completions.create({ model: models.openai, messages, max_tokens: 50 }),
    ).rejects.toMatchObject({ status: 400, error: { message: 'The messages make no sense' } });
  });
});

describe('a caller of Anthropic', () => {
  it.each([false, true])('is served by OpenAI, streamed: %s', async (stream) => {
    setUp('anthropic', 'openai');
    const asked = { model: models.anthropic, max_tokens: 50, messages };
    const client = anthropicClient();
    const message = stream
      ? await client.messages.stream(asked).finalMessage()
      : await client.messages.create(asked);
    expect(message).toMatchObject({
      type: 'message',
      stop_reason: 'end_turn',
      content: [{ type: 'text', text: expect.stringContaining('fake answer') }],
      usage: { output_tokens: 12 },
    });
    expect((await booked())[1]).toMatchObject({ provider: 'openai', outcome: 'completed' });
  });
});

describe('what cannot be said elsewhere', () => {
  it('keeps a call from going there, and the record says why', async () => {
    setUp('openai', 'anthropic');
    await expect(
      openaiClient().chat.completions.create({ model: models.openai, messages, logprobs: true }),
    ).rejects.toMatchObject({ status: 503 });
    expect(upstream.requests.some(({ path }) => path.endsWith('/messages'))).toBe(false);
    const { entries } = await governor.ledger.entries();
    expect(entries[0]?.decision.routing?.candidates[1]).toEqual({
      targetId: `anthropic/${models.anthropic}`,
      reason: '"logprobs" has no counterpart in the other format, so this call cannot be served there',
    });
  });

  it('is refused by its name when there is nowhere else', async () => {
    setUp('anthropic', 'anthropic');
    await expect(
      openaiClient().chat.completions.create({ model: 'anything', messages, n: 3 }),
    ).rejects.toMatchObject({ status: 400, code: 'untranslatable', message: expect.stringContaining('"n"') });
    expect(upstream.requests).toHaveLength(0);
    const { entries } = await governor.ledger.entries();
    expect(entries[0]).toMatchObject({ kind: 'refused', decision: { reasonCode: 'x_untranslatable' } });
  });
});
