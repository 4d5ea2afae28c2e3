import Anthropic from '@anthropic-ai/sdk';
import { openrouterFormat, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfig } from '../src/config.ts';
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

describe('a proxy that goes by OpenRouter’s own list', () => {
  it('prices a model of today by it, asks for it once, and says for which application', async () => {
    const gateway = await startFakeUpstream({ formats: [openrouterFormat] });
    gateway.addRule({
      when: { path: '/api/v1/models' },
      reply: {
        headers: { 'content-type': 'application/json' },
        body: { data: [{ id: 'acme/new-today', pricing: { prompt: '0.000001', completion: '0.00001' } }] },
      },
    });
    const proxy = await proxyUnderTest(
      {
        providers: [{ type: 'openrouter', baseUrl: `${gateway.url}/api/v1`, apiKey: 'env:GATEWAY_KEY' }],
        livePrices: ['openrouter'],
        limits: [{ id: 'cap', amount: '1', window: 'lifetime' }],
      },
      {
        GATEWAY_KEY: gateway.apiKey,
        OPENROUTER_HTTP_REFERER: 'https://a.example',
        OPENROUTER_X_TITLE: 'Ours',
      },
    );
    const ask = () =>
      proxy.client.chat.completions.create({ model: 'acme/new-today', messages, max_tokens: 10 }).then(
        () => 'served',
        ({ code }: { code: string }) => code,
      );
    expect(await ask()).toBe('unpriced_model');
    await expect.poll(ask).toBe('served');
    expect(gateway.requests.filter(({ path }) => path === '/api/v1/models')).toHaveLength(1);
    expect(gateway.requests.at(-1)?.headers).toMatchObject({
      'http-referer': 'https://a.example',
      'x-openrouter-title': 'Ours',
    });
    expect(proxy.errors).toEqual([]);
    await proxy.close();
    await gateway.close();
  });

  it('does not start without a provider whose list it is', () => {
    const config = {
      providers: [{ type: 'openai', apiKey: 'env:A_KEY' }],
      virtualKeys: [{ id: 'web', secret: 'env:WEB_KEY' }],
      livePrices: ['openrouter'],
    };
    expect(() => checkConfig(config)).toThrow(
      'livePrices[0]: expected a provider of the type "openrouter" beside it',
    );
  });
});
