import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyUnderTest, proxyUnderTest, virtualKey } from './running-proxy.ts';

let under: ProxyUnderTest;

beforeAll(async () => {
  under = await proxyUnderTest(({ url }) => ({
    providers: [
      { type: 'openai', baseUrl: `${url}/v1`, apiKey: 'env:UPSTREAM_KEY', models: ['gpt-*', 'text-*'] },
      {
        type: 'groq',
        baseUrl: `${url.replace('127.0.0.1', 'localhost')}/v1`,
        apiKey: 'env:UPSTREAM_KEY',
        models: ['llama-*'],
      },
      { type: 'anthropic', baseUrl: url, apiKey: 'env:UPSTREAM_KEY', models: ['claude-*'] },
    ],
    limits: [{ id: 'cap', amount: '10', window: 'lifetime' }],
  }));
});
afterAll(() => under.close());

async function lastProvider(): Promise<string | undefined> {
  return (await under.proxy.governor.ledger.entries({ pageSize: 1000 })).entries.at(-1)?.provider;
}

const messages = [{ role: 'user' as const, content: 'Hi' }];

describe('a proxy of several providers', () => {
  it('sends a model to the provider that serves it', async () => {
    const client = new OpenAI({ baseURL: `${under.proxy.url}/v1`, apiKey: virtualKey, maxRetries: 0 });
    await client.chat.completions.create({ model: 'gpt-4o-mini', messages, max_completion_tokens: 10 });
    expect(await lastProvider()).toBe('openai');
    await client.chat.completions.create({
      model: 'llama-3.3-70b-versatile',
      messages,
      max_completion_tokens: 10,
    });
    expect(await lastProvider()).toBe('groq');
    await expect(client.chat.completions.create({ model: 'mystery', messages })).rejects.toMatchObject({
      status: 400,
      param: 'model',
    });
  });

  it('meters embeddings and responses as it meters chats', async () => {
    const client = new OpenAI({ baseURL: `${under.proxy.url}/v1`, apiKey: virtualKey, maxRetries: 0 });
    const { response } = await client.embeddings
      .create({ model: 'text-embedding-3-small', input: 'Hi' })
      .withResponse();
    expect(Number(response.headers.get('x-genops-cost'))).toBeGreaterThan(0);
    const answer = await client.responses.create({
      model: 'gpt-4o-mini',
      input: 'Hi',
      max_output_tokens: 20,
    });
    expect(answer.output_text).not.toBe('');
    expect(await lastProvider()).toBe('openai');
  });

  it('serves Anthropic’s client at its own path, streamed and whole', async () => {
    const client = new Anthropic({ baseURL: under.proxy.url, apiKey: virtualKey, maxRetries: 0 });
    const question = { model: 'claude-haiku-4-5', max_tokens: 20, messages };
    const message = await client.messages.create(question);
    expect(message.content[0]?.type).toBe('text');
    expect(await lastProvider()).toBe('anthropic');
    const streamed = await client.messages.stream(question).finalMessage();
    expect(streamed.usage.output_tokens).toBeGreaterThan(0);
    const { entries } = await under.proxy.governor.ledger.entries({ pageSize: 1000 });
    expect(entries.at(-1)).toMatchObject({ stream: true, outcome: 'completed', cost: { basis: 'computed' } });
  });
});
