import { readFileSync } from 'node:fs';
import { type AnswerFacts, money, type Provider, type WireError } from '@genops/core';
import { type ExchangeFixture, readErrors, testProvider } from '@genops/testing/conformance';
import { describe, expect, it } from 'vitest';
import {
  cerebras,
  cohere,
  deepseek,
  fireworks,
  groq,
  mistral,
  ollama,
  openaiCompatible,
  perplexity,
  together,
  vllm,
  xai,
} from './src/index.ts';

/** What the fixtures of one provider say. */
interface Expected {
  readonly provider: Provider;
  readonly folder: string;
  readonly model: string;
  readonly facts: AnswerFacts;
  /** Of a streamed answer, where it says less or more than a whole one. */
  readonly streamFacts?: AnswerFacts;
  readonly streamedReasoning?: { readonly bytes: number; readonly events: number };
  readonly error: Partial<WireError> & Pick<WireError, 'status' | 'message'>;
  readonly lacks?: readonly string[];
}

const tokens = { inputTokens: 61, outputTokens: 24 };
/** Every error that is not of OpenAI's shape at all. */
const everything = ['error', 'error.message', 'error.type', 'error.param', 'error.code'];

const table: readonly Expected[] = [
  {
    provider: groq,
    folder: 'groq',
    model: 'llama-3.3-70b-versatile',
    facts: {
      responseId: 'chatcmpl-0a9be3a1-6c3b-4f0e-9f83-6dcb3c1b7a55',
      serviceTier: 'on_demand',
      usage: { ...tokens, cacheReadInputTokens: 32 },
    },
    streamFacts: {
      responseId: 'chatcmpl-0a9be3a1-6c3b-4f0e-9f83-6dcb3c1b7a55',
      usage: { ...tokens, cacheReadInputTokens: 32 },
    },
    error: { status: 429, message: 'Rate limit reached for model' },
    lacks: ['error.param'],
  },
  {
    provider: mistral,
    folder: 'mistral',
    model: 'mistral-large-latest',
    facts: {
      responseId: '8a7e6cf0f7d94ba1b3a4a2c7e2a0b1aa',
      usage: { ...tokens, cacheReadInputTokens: 32 },
    },
    error: { status: 429, message: 'Requests rate limit exceeded' },
    lacks: everything,
  },
  {
    provider: deepseek,
    folder: 'deepseek',
    model: 'deepseek-reasoner',
    facts: {
      responseId: '3f1c2a44-9b0e-4e7d-8f4e-2f0d3a9f6a10',
      usage: { inputTokens: 976, cacheReadInputTokens: 896, outputTokens: 61, reasoningOutputTokens: 25 },
    },
    streamedReasoning: { bytes: 15, events: 2 },
    error: { status: 402, message: 'Insufficient Balance' },
  },
  {
    provider: xai,
    folder: 'xai',
    model: 'grok-4-fast-reasoning',
    facts: {
      responseId: 'a3d1b9c4-6d3e-9f1b-8a44-0c7d5e1f2b3a',
      usage: {
        inputTokens: 181,
        cacheReadInputTokens: 162,
        inputAudioTokens: 0,
        inputImageTokens: 0,
        outputTokens: 46,
        reasoningOutputTokens: 19,
        outputAudioTokens: 0,
        webResults: 0,
      },
      reportedCost: money('0.00003485'),
    },
    streamedReasoning: { bytes: 11, events: 1 },
    error: { status: 429, message: 'Too many requests for team' },
    lacks: everything.slice(1),
  },
  {
    provider: together,
    folder: 'together',
    model: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
    facts: {
      responseId: 'oEjVMgL-4msnJB-9a1f0e7b8c6d5e4f',
      usage: { ...tokens, cacheReadInputTokens: 0 },
    },
    error: { status: 429, message: 'You have reached the rate limit specific to this model' },
  },
  {
    provider: fireworks,
    folder: 'fireworks',
    model: 'accounts/fireworks/models/deepseek-v3p1',
    facts: {
      responseId: '7e0c9a4a-2b0d-4ab9-8c6e-3f1a2b4c5d6e',
      usage: { ...tokens, cacheReadInputTokens: 48 },
    },
    error: { status: 429, message: 'Request rate limit exceeded, please try again later' },
    lacks: ['error.param'],
  },
  {
    provider: perplexity,
    folder: 'perplexity',
    model: 'sonar',
    facts: {
      responseId: 'd2a8f7e6-5c4b-3a29-1807-f6e5d4c3b2a1',
      usage: { inputTokens: 14, outputTokens: 187, requests: 1 },
      reportedCost: money('0.005201'),
    },
    error: { status: 429, message: 'You exceeded your current rate limit.' },
    lacks: ['error.param'],
  },
  {
    provider: cerebras,
    folder: 'cerebras',
    model: 'gpt-oss-120b',
    facts: {
      responseId: 'chatcmpl-5b3e0f66-51b1-4f5c-9c5e-0d2f7a8e9b10',
      usage: { ...tokens, cacheReadInputTokens: 0, reasoningOutputTokens: 9 },
    },
    error: { status: 429, message: 'Requests per minute limit exceeded' },
    lacks: everything,
  },
  {
    provider: cohere,
    folder: 'cohere',
    model: 'command-a-03-2025',
    facts: { responseId: 'c14c80c3-18eb-4519-9460-6c92edd8cfb4', usage: tokens },
    error: { status: 429, message: 'You are using a Trial key' },
    lacks: everything,
  },
  {
    provider: ollama,
    folder: 'ollama',
    model: 'llama3.2:3b',
    facts: { responseId: 'chatcmpl-732', usage: tokens },
    error: { status: 404, message: 'model "llama9" not found, try pulling it first' },
  },
  {
    provider: vllm,
    folder: 'vllm',
    model: 'Qwen/Qwen3-32B',
    facts: {
      responseId: 'chatcmpl-0f3d1b7c2a9e4f5d8c6b7a8e9d0c1b2a',
      usage: { ...tokens, cacheReadInputTokens: 48 },
    },
    error: { status: 404, message: 'The model `Qwen/Qwen9` does not exist.' },
  },
];

const modelError = {
  bytes: fixture('ollama/error.json'),
  error: { status: 404, type: 'api_error', code: 'not_found', message: 'model "llama9" not found' },
};
const responsesFacts = {
  responseId: 'resp_67cb71b351908190a308f3859487620d06981a8637e6bc44',
  responseModel: 'openai/gpt-oss-120b',
  serviceTier: 'default',
  usage: { inputTokens: 36, cacheReadInputTokens: 0, outputTokens: 87, reasoningOutputTokens: 64 },
};
const completionsFacts = { responseId: 'cmpl-7', responseModel: 'some-model', usage: { ...tokens } };

const completions = (path: string): ExchangeFixture => ({
  path,
  request: {
    bytes: Buffer.from('{"model":"some-model","prompt":"Où est la gare ?","max_tokens":200,"stream":true}'),
    facts: { requestModel: 'some-model', stream: true, maxOutputTokens: 200 },
  },
  answer: { bytes: fixture('completions.json'), facts: completionsFacts },
  stream: {
    bytes: fixture('completions-stream.sse'),
    facts: { ...completionsFacts, complete: true, outputBytes: 26, outputEvents: 2 },
  },
  error: modelError,
});

const transcription = (path: string): ExchangeFixture => ({
  path,
  request: {
    bytes: Buffer.from(
      '--X\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-large-v3\r\n--X\r\n' +
        'Content-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nBYTES\r\n--X--\r\n',
    ),
    facts: { requestModel: 'whisper-large-v3', media: { audio: 1 } },
    contentType: 'multipart/form-data; boundary=X',
    takesCap: false,
  },
  answer: {
    bytes: Buffer.from('{"task":"transcribe","text":"La gare est là.","duration":3.2}'),
    facts: { usage: { audioSeconds: 4 } },
  },
  error: modelError,
});

/** What looks the same everywhere. */
const besideChat: readonly ExchangeFixture[] = [
  ...['/completions', '/fim/completions', '/beta/completions'].map(completions),
  ...['/audio/transcriptions', '/audio/translations'].map(transcription),
  {
    path: '/audio/speech',
    request: {
      bytes: Buffer.from('{"model":"playai-tts","input":"La gare est là. 🚉","voice":"Fritz-PlayAI"}'),
      facts: { requestModel: 'playai-tts', options: { characters: 17, outputAudio: true } },
      takesCap: false,
    },
    answer: { bytes: Buffer.from('RIFF'), facts: {} },
    error: modelError,
  },
  {
    path: '/images/generations',
    request: {
      bytes: Buffer.from('{"model":"grok-imagine-image","prompt":"A railway station in rain","n":2}'),
      facts: { requestModel: 'grok-imagine-image', choices: 2 },
      takesCap: false,
    },
    answer: {
      bytes: Buffer.from('{"data":[{"b64_json":"iVBORw0KGgo="},{"b64_json":"iVBORw0KGgo="}]}'),
      facts: { usage: { images: 2 } },
    },
    error: modelError,
  },
  {
    path: '/responses',
    request: {
      bytes: Buffer.from(
        '{"model":"openai/gpt-oss-120b","input":"Où est la gare ?","max_output_tokens":200,"stream":true}',
      ),
      facts: { requestModel: 'openai/gpt-oss-120b', stream: true, maxOutputTokens: 200 },
    },
    answer: { bytes: fixture('responses.json'), facts: responsesFacts },
    stream: {
      bytes: fixture('responses-stream.sse'),
      facts: { ...responsesFacts, complete: true, outputBytes: 26, outputEvents: 3 },
    },
    error: modelError,
  },
  {
    path: '/embeddings',
    request: {
      bytes: Buffer.from('{"model":"some-model","input":["Où est la gare ?"]}'),
      facts: { requestModel: 'some-model', stream: false },
      takesCap: false,
    },
    answer: {
      bytes: fixture('embeddings.json'),
      facts: { responseModel: 'some-model', usage: { inputTokens: 7 } },
    },
    error: modelError,
  },
];

function metersAt({ routes }: Provider, path: string): boolean {
  const route = routes.find((one) => one.path === path && one.method === 'POST');
  return route?.kind === 'metered' && route.dialect.usageComes !== 'never';
}

for (const { provider, folder, model, facts, streamFacts, streamedReasoning, error, lacks } of table) {
  const { bytes = 0, events = 0 } = streamedReasoning ?? {};
  testProvider(provider, {
    keyHeaders: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
    exchanges: [
      {
        path: '/chat/completions',
        request: {
          bytes: fixture(`${folder}/chat-request.json`),
          facts: {
            requestModel: model,
            stream: true,
            choices: 1,
            maxOutputTokens: 200,
            media: { image: 1 },
          },
        },
        answer: { bytes: fixture(`${folder}/chat.json`), facts: { responseModel: model, ...facts } },
        stream: {
          bytes: fixture(`${folder}/chat-stream.sse`),
          facts: {
            responseModel: model,
            ...(streamFacts ?? facts),
            complete: true,
            outputBytes: 26 + bytes,
            outputEvents: 6 + events,
          },
        },
        error: {
          bytes: fixture(`${folder}/error.json`),
          error: { type: 'rate_limit_error', code: 'rate_limit_exceeded', ...error },
          ...(lacks !== undefined && { lacks }),
        },
        otherErrors: readErrors(fixture(`${folder}/errors.json`)),
      },
      ...besideChat.filter(({ path }) => metersAt(provider, path)),
    ],
  });
}

testProvider(openaiCompatible({ id: 'anyone', baseUrl: 'https://llm.example.com/v1' }), {
  keyHeaders: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  exchanges: [
    {
      path: '/chat/completions',
      request: {
        bytes: fixture('vllm/chat-request.json'),
        facts: { requestModel: 'Qwen/Qwen3-32B', maxOutputTokens: 200 },
      },
      answer: {
        bytes: fixture('ollama/chat.json'),
        facts: { responseId: 'chatcmpl-732', responseModel: 'llama3.2:3b', usage: tokens },
      },
      error: modelError,
    },
    ...besideChat.filter(({ path }) => path === '/completions' || path === '/embeddings'),
  ],
});

describe('caps', () => {
  it.each([
    [deepseek, undefined, 'max_tokens'],
    [groq, 50, 'max_completion_tokens'],
  ])('are those that %o heeds', ({ routes }, believed, added) => {
    const route = routes.find(({ path }) => path === '/chat/completions');
    if (route?.kind !== 'metered') return expect.unreachable();
    const ask = (fields: object) =>
      route.dialect.openRequest(
        Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...fields })),
        route.path,
      );
    expect(ask({ max_completion_tokens: 50 }).facts.maxOutputTokens).toBe(believed);
    expect(JSON.parse(Buffer.from(ask({}).rewrite({ maxOutputTokens: 7 })).toString())).toMatchObject({
      [added]: 7,
    });
  });
});

describe('openaiCompatible', () => {
  it('makes a provider of any address', () => {
    const provider = openaiCompatible({
      id: 'our-gateway',
      baseUrl: 'https://llm.example.com/v1/',
      headers: { 'x-department': 'search' },
    });
    expect(provider).toMatchObject({
      name: 'our-gateway',
      baseUrl: 'https://llm.example.com/v1',
      apiKeyEnv: 'OUR_GATEWAY_API_KEY',
      headers: { 'x-department': 'search' },
    });
  });
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
