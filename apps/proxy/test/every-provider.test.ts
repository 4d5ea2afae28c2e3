import { Readable } from 'node:stream';
import Anthropic from '@anthropic-ai/sdk';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { throughFetch } from '@genops/bedrock';
import type { LedgerEntry } from '@genops/core';
import { createGovernor, type Governor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import {
  anthropicFormat,
  azureFormat,
  bedrockFormat,
  type FakeUpstream,
  geminiFormat,
  openaiFormat,
  openrouterFormat,
  startFakeUpstream,
} from '@genops/testing';
import { GoogleGenAI } from '@google/genai';
import { HTTPClient, OpenRouter } from '@openrouter/sdk';
import OpenAI, { AzureOpenAI } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfig, type providerTypes } from '../src/config.ts';
import { providerOf } from '../src/provider-of.ts';
import { type RunningProxy, startProxy } from '../src/proxy.ts';

type Type = keyof typeof providerTypes;

/** Whom a client speaks to, and how: the provider through a governed `fetch`, or the proxy. */
interface Side {
  /** Where the client of this provider is pointed at. */
  readonly url: string;
  readonly apiKey: string;
  readonly fetch: typeof globalThis.fetch;
}

/** How an official client asks. */
type Ask = (side: Side, stream: boolean) => Promise<unknown>;

const content = 'What time is it?';
const messages = [{ role: 'user' as const, content }];

const withOpenAI =
  (model: string): Ask =>
  async ({ url, apiKey, fetch }, stream) => {
    const client = new OpenAI({ baseURL: url, apiKey, fetch, maxRetries: 0 });
    const question = { model, messages, max_tokens: 50 };
    if (!stream) return client.chat.completions.create(question);
    return toTheEnd(await client.chat.completions.create({ ...question, stream: true }));
  };

const withAzure: Ask = async ({ url, apiKey, fetch }, stream) => {
  const client = new AzureOpenAI({
    endpoint: url,
    apiKey,
    fetch,
    deployment: 'search-prod',
    apiVersion: '2024-10-21',
    maxRetries: 0,
  });
  const question = { model: 'search-prod', messages, max_tokens: 50 };
  if (!stream) return client.chat.completions.create(question);
  return toTheEnd(await client.chat.completions.create({ ...question, stream: true }));
};

const withAnthropic: Ask = async ({ url, apiKey, fetch }, stream) => {
  const client = new Anthropic({ baseURL: url, apiKey, fetch, maxRetries: 0 });
  const question = { model: 'claude-haiku-4-5', messages, max_tokens: 50 };
  return stream ? client.messages.stream(question).finalMessage() : client.messages.create(question);
};

const withGoogle: Ask = async ({ url, apiKey, fetch }, stream) => {
  const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url, fetch } });
  const question = { model: 'gemini-2.5-flash', contents: content, config: { maxOutputTokens: 50 } };
  if (!stream) return client.models.generateContent(question);
  return toTheEnd(await client.models.generateContentStream(question));
};

const vertexPlace = '/v1/projects/p-1/locations/global/publishers/google/models/gemini-2.5-flash';

const withVertex: Ask = async ({ url, apiKey, fetch }, stream) => {
  const method = stream ? ':streamGenerateContent?alt=sse' : ':generateContent';
  const answer = await fetch(`${url}${vertexPlace}${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: content }] }] }),
  });
  expect(answer.status).toBe(200);
  return answer.text();
};

const withBedrock: Ask = async ({ url, apiKey, fetch }, stream) => {
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: url,
    token: { token: apiKey },
    authSchemePreference: ['httpBearerAuth'],
    ...throughFetch(fetch),
  });
  const question = {
    modelId: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    messages: [{ role: 'user' as const, content: [{ text: content }] }],
    inferenceConfig: { maxTokens: 50 },
  };
  if (!stream) return client.send(new ConverseCommand(question));
  const answer = await client.send(new ConverseStreamCommand(question));
  return toTheEnd(answer.stream ?? Readable.from([]));
};

const withOpenRouter: Ask = async ({ url, apiKey, fetch }, stream) => {
  const client = new OpenRouter({
    apiKey,
    serverURL: url,
    httpClient: new HTTPClient({ fetcher: fetch }),
    retryConfig: { strategy: 'none' },
  });
  const chatRequest = { model: 'openai/gpt-4o-mini', messages, maxTokens: 50 };
  if (!stream) return client.chat.send({ chatRequest });
  return toTheEnd(
    (await client.chat.send({ chatRequest: { ...chatRequest, stream: true } })) as AsyncIterable<unknown>,
  );
};

async function toTheEnd(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) {
    // To the end.
  }
}

/** How one provider is asked, and where: its base URL below the fake one, and what clients append to the proxy's. */
interface Case {
  readonly ask: Ask;
  readonly base?: string;
  readonly clientBase?: string;
  readonly proxyBase?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

const plain = (model: string, more?: Case['more']): Case => ({
  ask: withOpenAI(model),
  base: '/v1',
  clientBase: '/v1',
  proxyBase: '/v1',
  ...(more !== undefined && { more }),
});

const cases: { readonly [Name in Type]: Case } = {
  openai: plain('gpt-4o-mini'),
  anthropic: { ask: withAnthropic },
  google: { ask: withGoogle },
  'google-vertex': { ask: withVertex },
  'aws-bedrock': { ask: withBedrock },
  azure: { ask: withAzure, more: { deployments: { 'search-prod': 'gpt-4o-mini' } } },
  openrouter: { ask: withOpenRouter, base: '/api/v1', clientBase: '/api/v1', proxyBase: '/v1' },
  helicone: plain('openai/gpt-4o-mini'),
  skyrouter: plain('openai/gpt-4o-mini'),
  'openai-compatible': plain('our-model', { id: 'our-gateway' }),
  groq: plain('llama-3.3-70b-versatile'),
  mistral: plain('mistral-large-latest'),
  deepseek: plain('deepseek-chat'),
  xai: plain('grok-4-fast-reasoning'),
  'x-ai': plain('grok-4-fast-reasoning'),
  together: plain('meta-llama/Llama-3.3-70B-Instruct-Turbo'),
  fireworks: plain('accounts/fireworks/models/deepseek-v3p1'),
  perplexity: plain('sonar'),
  cerebras: plain('gpt-oss-120b'),
  cohere: plain('command-a-03-2025'),
  ollama: plain('llama3.2:3b'),
  vllm: plain('Qwen/Qwen3-32B'),
};

const virtualKey = 'gk-test-0123456789abcdef';
const attribution = { team: 'search', project: 'ranking' };

let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await startFakeUpstream({
    formats: [openaiFormat, openrouterFormat, geminiFormat, anthropicFormat, azureFormat, bedrockFormat],
  });
  const chunk = {
    candidates: [{ content: { role: 'model', parts: [{ text: 'Noon.' }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1000, candidatesTokenCount: 50, totalTokenCount: 1050 },
    modelVersion: 'gemini-2.5-flash',
  };
  upstream.addRule({
    when: { path: `${vertexPlace}:generateContent` },
    reply: { body: chunk },
  });
  upstream.addRule({
    when: { path: `${vertexPlace}:streamGenerateContent` },
    reply: { body: `data: ${JSON.stringify(chunk)}\n\n`, headers: { 'content-type': 'text/event-stream' } },
  });
});
afterAll(() => upstream.close());

/** What must be the same whichever way a call came in. Ids and instants differ of themselves. */
function comparable(entry: LedgerEntry | undefined): object {
  if (entry === undefined) throw new Error('No entry was written');
  const {
    id: _,
    operationId: _o,
    at: _at,
    endedAt: _end,
    providerKeyId: _k,
    responseId: _r,
    ...rest
  } = entry;
  return JSON.parse(JSON.stringify(rest)) as object;
}

async function lastEntry(governor: Governor): Promise<LedgerEntry | undefined> {
  return (await governor.ledger.entries()).entries.at(-1);
}

describe.each(Object.keys(cases) as Type[])('%s', (type) => {
  const { ask, base = '', clientBase = '', proxyBase = '', more = {} } = cases[type];
  let library: Governor;
  let proxy: RunningProxy;
  const errors: unknown[] = [];

  beforeAll(async () => {
    const config = checkConfig({
      server: { port: 0, shutdownGraceMs: 100 },
      providers: [{ type, baseUrl: `${upstream.url}${base}`, apiKey: 'env:UPSTREAM_KEY', ...more }],
      virtualKeys: [{ id: 'search', secret: 'env:VIRTUAL_KEY', attribution }],
      onUnpriced: 'allow',
      limits: [{ id: 'cap', amount: '100', window: 'lifetime' }],
    });
    const [entry] = config.providers;
    if (entry === undefined || entry.type === 'simulated') return expect.unreachable();
    const onError = (error: unknown): void => void errors.push(error);
    const policy = {
      limits: [{ id: 'cap', amount: '100', window: 'lifetime' as const }],
      onUnpriced: 'allow' as const,
    };
    library = createGovernor({
      providers: [providerOf(entry)],
      ledger: createMemoryLedger(),
      attribution: { ...attribution, keyId: 'search' },
      policy,
      onError,
    });
    proxy = await startProxy({
      config,
      ledger: createMemoryLedger(),
      environment: { UPSTREAM_KEY: upstream.apiKey, VIRTUAL_KEY: virtualKey },
      onError,
    });
  });
  afterAll(async () => {
    await proxy.close();
    await library.close();
    expect(errors).toEqual([]);
  });

  it.each([
    ['a whole answer', false],
    ['a stream', true],
  ])('leaves the same entry in the library and in the proxy for %s', async (_, stream) => {
    await ask({ url: `${upstream.url}${clientBase}`, apiKey: upstream.apiKey, fetch: library.fetch }, stream);
    await ask({ url: `${proxy.url}${proxyBase}`, apiKey: virtualKey, fetch }, stream);
    const [own, proxied] = [await lastEntry(library), await lastEntry(proxy.governor)];
    expect(own).toMatchObject({ kind: 'settled', outcome: 'completed', stream });
    expect(own?.usage?.inputTokens).toBeGreaterThan(0);
    expect(comparable(proxied)).toEqual(comparable(own));
    const [first, second] = upstream.requests.slice(-2);
    expect(second?.body.toString()).toBe(first?.body.toString());
    expect(JSON.stringify(second?.headers)).not.toContain(virtualKey);
  });
});
