import Anthropic from '@anthropic-ai/sdk';
import { anthropic } from '@genops/anthropic';
import { withBaseUrl } from '@genops/core';
import { createVertex, google } from '@genops/google';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openai } from '@genops/openai';
import {
  anthropicFormat,
  type FakeUpstream,
  geminiFormat,
  openaiFormat,
  startFakeUpstream,
} from '@genops/testing';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let down: FakeUpstream;
let vertex: FakeUpstream;
let governor: Governor;

const gemini = 'gemini-2.5-flash';
const claude = 'claude-sonnet-4-5@20250929';
const parent = '/v1/projects/acme-ml/locations/europe-west4/publishers';
const place = {
  generate: `${parent}/google/models/${gemini}:generateContent`,
  stream: `${parent}/google/models/${gemini}:streamGenerateContent`,
  claude: `${parent}/anthropic/models/${encodeURIComponent(claude)}:rawPredict`,
};
const chunk = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Noon.' }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 1000, candidatesTokenCount: 50, totalTokenCount: 1050 },
  modelVersion: gemini,
};
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'Noon.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1000, output_tokens: 50 },
};

beforeAll(async () => {
  down = await startFakeUpstream({ formats: [openaiFormat, anthropicFormat, geminiFormat] });
  vertex = await startFakeUpstream();
});
afterAll(async () => {
  await down.close();
  await vertex.close();
});
beforeEach(() => {
  down.setReply({ status: 503 });
  const rule = (path: string, body: unknown, type: string): void =>
    void vertex.addRule({ when: { path }, reply: { body, headers: { 'content-type': type } } });
  rule(place.generate, JSON.stringify(chunk), 'application/json');
  rule(place.stream, `data: ${JSON.stringify(chunk)}\n\n`, 'text/event-stream');
  rule(place.claude, JSON.stringify(message), 'application/json');
  rule(decodeURIComponent(place.claude), JSON.stringify(message), 'application/json');
});
afterEach(async () => {
  await governor.close();
  down.reset();
  vertex.reset();
});

function start(model: string, project: 'acme-ml' | 'none' = 'acme-ml'): void {
  const record = createVertex({ location: 'europe-west4', ...(project !== 'none' && { project }) });
  governor = createGovernor({
    providers: [
      withBaseUrl(openai, `${down.url}/v1`),
      withBaseUrl(anthropic, down.url),
      withBaseUrl(google, down.url.replace('127.0.0.1', 'localhost')),
      withBaseUrl(record, vertex.url),
    ],
    ledger: createMemoryLedger(),
    routing: {
      strategy: 'failover',
      routes: [
        {
          models: ['gpt-*', 'claude-*', 'gemini-*'],
          targets: ['openai', 'anthropic', 'google']
            .map(
              (provider): { provider: string; model?: string; apiKey?: { id: string; secret: string } } => ({
                provider,
              }),
            )
            .concat({ provider: 'google-vertex', model, apiKey: { id: 'token', secret: vertex.apiKey } }),
        },
      ],
    },
  });
}

const messages = [{ role: 'user' as const, content: 'What time is it?' }];
const openaiClient = () =>
  governor.wrap(new OpenAI({ baseURL: `${down.url}/v1`, apiKey: down.apiKey }), { provider: openai });
const anthropicClient = () =>
  governor.wrap(new Anthropic({ baseURL: down.url, apiKey: down.apiKey }), { provider: anthropic });

async function last() {
  const { entries } = await governor.ledger.entries();
  return entries.at(-1);
}

describe('Vertex AI by project, as a place that calls fall back to', () => {
  it('serves callers of the Gemini API, whole and streamed', async () => {
    start(gemini);
    const client = new GoogleGenAI({
      apiKey: down.apiKey,
      httpOptions: { baseUrl: down.url.replace('127.0.0.1', 'localhost'), fetch: governor.fetch },
    });
    const question = { model: gemini, contents: 'What time is it?', config: { maxOutputTokens: 50 } };
    expect((await client.models.generateContent(question)).text).toBe('Noon.');
    let text = '';
    for await (const part of await client.models.generateContentStream(question)) text += part.text ?? '';
    expect(text).toBe('Noon.');
    expect(vertex.requests.map(({ path }) => path)).toEqual([place.generate, place.stream]);
    expect(vertex.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${vertex.apiKey}` });
    expect(vertex.requests[0]?.headers).not.toHaveProperty('x-goog-api-key');
    expect(await last()).toMatchObject({
      provider: 'google-vertex',
      requestModel: gemini,
      providerKeyId: 'token',
      cost: { result: 'priced', basis: 'computed' },
    });
  });

  it('serves callers of OpenAI and of Anthropic with a model of Google', async () => {
    start(gemini);
    const chat = await openaiClient().chat.completions.create({
      model: 'gpt-4o-mini',
      max_completion_tokens: 50,
      messages,
    });
    expect(chat.choices[0]?.message.content).toBe('Noon.');
    const said = await anthropicClient().messages.create({
      model: 'claude-haiku-4-5',
      max_tokens: 50,
      messages,
    });
    expect(said.content).toMatchObject([{ type: 'text', text: 'Noon.' }]);
    expect(vertex.requests.map(({ path }) => path)).toEqual([place.generate, place.generate]);
  });

  it('serves both with a model of Anthropic, asked for as Vertex wants it', async () => {
    start(claude);
    const said = await anthropicClient().messages.create({
      model: 'claude-haiku-4-5',
      max_tokens: 50,
      messages,
    });
    expect(said.content).toMatchObject([{ type: 'text', text: 'Noon.' }]);
    const chat = await openaiClient().chat.completions.create({
      model: 'gpt-4o-mini',
      max_completion_tokens: 50,
      messages,
    });
    expect(chat.choices[0]?.message.content).toBe('Noon.');
    for (const { path, json } of vertex.requests) {
      expect(decodeURIComponent(path)).toBe(decodeURIComponent(place.claude));
      expect(json).toMatchObject({ anthropic_version: 'vertex-2023-10-16', max_tokens: 50 });
      expect(json).not.toHaveProperty('model');
    }
    expect(await last()).toMatchObject({
      provider: 'google-vertex',
      requestModel: claude,
      cost: { result: 'priced' },
    });
  });

  it('is asked in express mode where no project is known', async () => {
    start(gemini, 'none');
    const express = `/v1/publishers/google/models/${gemini}:generateContent`;
    vertex.addRule({ when: { path: express }, reply: { body: chunk } });
    await openaiClient().chat.completions.create({
      model: 'gpt-4o-mini',
      max_completion_tokens: 50,
      messages,
    });
    expect(vertex.requests.map(({ path }) => path)).toEqual([express]);
  });
});
