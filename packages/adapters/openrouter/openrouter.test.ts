import { readFileSync } from 'node:fs';
import { money } from '@genops/core';
import { classify, wordsOf } from '@genops/router';
import { readErrors, testProvider } from '@genops/testing/conformance';
import { describe, expect, it } from 'vitest';
import { createOpenRouter, openrouter, openrouterRequest } from './src/index.ts';

const facts = {
  responseId: 'gen-1762950411-QmVhdXRpZnVsRmFrZQ',
  responseModel: 'anthropic/claude-4.5-sonnet-20250929',
  usage: {
    inputTokens: 716,
    cacheReadInputTokens: 0,
    cacheCreationInputTokens: 0,
    inputAudioTokens: 0,
    inputVideoTokens: 0,
    outputTokens: 29,
    reasoningOutputTokens: 12,
    outputAudioTokens: 0,
    outputImageTokens: 0,
  },
  reportedCost: money('0.002583'),
  gateway: {
    hostProvider: 'Amazon Bedrock',
    predictedProvider: 'Anthropic',
    strategy: 'fallback',
    fallbackUsed: true,
  },
};

const otherErrors = [
  '402-in-flight',
  '402-credits',
  '402-key-limit',
  '403-budget',
  '403-moderation',
  '429-upstream',
  '503',
];

const completionsFacts = {
  responseId: 'gen-1762950412-Q29tcGxldGlvbg',
  responseModel: 'openai/gpt-3.5-turbo-instruct',
  usage: { inputTokens: 7, outputTokens: 12 },
  reportedCost: money('0.0000345'),
};

const responsesFacts = {
  responseId: 'gen-1762950500-UmVzcG9uc2Vz',
  responseModel: 'openai/gpt-5-mini',
  serviceTier: 'default',
  usage: { inputTokens: 36, cacheReadInputTokens: 0, outputTokens: 87, reasoningOutputTokens: 64 },
  reportedCost: money('0.000183'),
};
const rateLimit = {
  bytes: fixture('error-429.json'),
  error: {
    status: 429,
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    message: 'Rate limit exceeded',
  },
  lacks: ['error.type', 'error.param'],
};

const messagesFacts = {
  responseId: 'gen-1762950600-TWVzc2FnZXM',
  responseModel: 'anthropic/claude-sonnet-4.5',
  serviceTier: 'standard',
  usage: {
    inputTokens: 2185,
    cacheReadInputTokens: 1069,
    cacheCreationInputTokens: 1109,
    cacheCreation5mInputTokens: 85,
    cacheCreation1hInputTokens: 1024,
    outputTokens: 60,
    reasoningOutputTokens: 22,
    webSearches: 1,
    webFetches: 0,
  },
  reportedCost: money('0.0123'),
  gateway: { hostProvider: 'Amazon Bedrock' },
};

testProvider(openrouter, {
  keyHeaders: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  exchanges: [
    {
      path: '/messages',
      request: {
        bytes: fixture('messages-request.json'),
        facts: {
          requestModel: 'anthropic/claude-sonnet-4.5',
          stream: true,
          maxOutputTokens: 1024,
          media: { image: 1 },
        },
      },
      answer: { bytes: fixture('messages.json'), facts: messagesFacts },
      stream: {
        bytes: fixture('messages-stream.sse'),
        facts: { ...messagesFacts, complete: true, outputBytes: 44, outputEvents: 4 },
      },
      error: { ...rateLimit, lacks: ['type', 'error.type'] },
    },
    {
      path: '/chat/completions',
      request: {
        bytes: fixture('chat-request.json'),
        facts: {
          requestModel: 'anthropic/claude-sonnet-4.5',
          alternativeModels: ['openai/gpt-4o', 'google/gemini-2.5-flash'],
          stream: true,
          choices: 1,
          maxOutputTokens: 200,
          media: { image: 1 },
        },
      },
      answer: { bytes: fixture('chat.json'), facts },
      stream: {
        bytes: fixture('chat-stream.sse'),
        facts: { ...facts, complete: true, outputBytes: 40, outputEvents: 7 },
      },
      error: {
        bytes: fixture('error-429.json'),
        error: {
          status: 429,
          type: 'rate_limit_error',
          code: 'rate_limit_exceeded',
          message: 'Rate limit exceeded',
        },
        lacks: ['error.type', 'error.param'],
      },
      otherErrors: [
        ...otherErrors.map((name) => ({
          status: Number.parseInt(name, 10),
          bytes: fixture(`error-${name}.json`),
        })),
        ...readErrors(fixture('errors.json')),
      ],
    },
    {
      path: '/completions',
      request: {
        bytes: fixture('completions-request.json'),
        facts: { requestModel: 'openai/gpt-3.5-turbo-instruct', stream: true, maxOutputTokens: 200 },
      },
      answer: { bytes: fixture('completions.json'), facts: completionsFacts },
      stream: {
        bytes: fixture('completions-stream.sse'),
        facts: { ...completionsFacts, complete: true, outputBytes: 26, outputEvents: 6 },
      },
      error: {
        bytes: fixture('error-503.json'),
        error: { status: 503, type: 'api_error', code: '503', message: 'Provider overloaded' },
        lacks: ['error.type', 'error.param'],
      },
    },
    {
      path: '/responses',
      request: {
        bytes: fixture('responses-request.json'),
        facts: { requestModel: 'openai/gpt-5-mini', stream: true, maxOutputTokens: 200, media: { image: 1 } },
      },
      answer: { bytes: fixture('responses.json'), facts: responsesFacts },
      stream: {
        bytes: fixture('responses-stream.sse'),
        facts: { ...responsesFacts, complete: true, outputBytes: 26, outputEvents: 3 },
      },
      error: rateLimit,
    },
    {
      path: '/embeddings',
      request: {
        bytes: fixture('embeddings-request.json'),
        facts: { requestModel: 'openai/text-embedding-3-small', stream: false },
        takesCap: false,
      },
      answer: {
        bytes: fixture('embeddings.json'),
        facts: {
          responseId: 'gen-emb-1762950501-RW1iZWQ',
          responseModel: 'openai/text-embedding-3-small',
          usage: { inputTokens: 7 },
          reportedCost: money('0.00000014'),
          gateway: { hostProvider: 'OpenAI' },
        },
      },
      error: rateLimit,
    },
  ],
});

describe('a stream that breaks off in the middle', () => {
  it('is read as an error in an answer that never completed', () => {
    const route = openrouter.routes[0];
    if (route?.kind !== 'metered') return expect.unreachable();
    const reader = route.dialect.createStreamReader({ withholdUsage: false });
    reader.push(fixture('chat-stream-error.sse'));
    reader.flush();
    expect(reader.facts()).toMatchObject({
      complete: false,
      outputBytes: 7,
      error: { message: 'Provider disconnected unexpectedly', code: '502' },
    });
  });
});

describe('errors', () => {
  it.each([
    ['402-in-flight', 'openrouter_in_flight_budget', 'throttle'],
    ['402-credits', 'payment_required', 'exhaust'],
    ['402-key-limit', 'payment_required', 'exhaust'],
    ['403-budget', 'spend_limit', 'exhaust'],
    ['403-moderation', 'content_filter', undefined],
    ['429', 'rate_limited', 'throttle'],
    ['429-upstream', 'rate_limited', 'throttle'],
    ['503', 'model_overloaded', undefined],
  ])('%s means %s', (name, id, key) => {
    const body = fixture(`error-${name}.json`).toString();
    const failure = { kind: 'status', status: Number.parseInt(name, 10), headers: {}, body } as const;
    expect(classify(wordsOf('openrouter', failure))).toMatchObject({ id, ...(key && { key }) });
  });
});

describe('receipts', () => {
  const { receipts } = openrouter;

  it('ask for a generation by its id', () => {
    expect(receipts?.path('gen-1/2')).toBe('/generation?id=gen-1%2F2');
  });

  it('say what a stream came to that was left early', () => {
    expect(receipts?.read(fixture('generation.json'))).toEqual({
      responseId: 'gen-1762950411-QmVhdXRpZnVsRmFrZQ',
      responseModel: 'anthropic/claude-4.5-sonnet-20250929',
      usage: { inputTokens: 520, outputTokens: 31, cacheReadInputTokens: 0, reasoningOutputTokens: 12 },
      reportedCost: money('0.0019875'),
      gateway: { hostProvider: 'Amazon Bedrock', predictedProvider: 'Anthropic', fallbackUsed: true },
    });
  });

  it('name both bills of a call with the caller’s own key', () => {
    expect(receipts?.read(fixture('generation-byok.json'))).toMatchObject({
      reportedCost: money('0.0000113'),
      upstreamCost: money('0.0002265'),
      gateway: { hostProvider: 'Google' },
    });
  });

  it.each([
    '',
    '{"data":null}',
    '{"error":{"code":404}}',
    '{"data":{"id":"gen-1"}}',
    '{"data":{"total_cost":-1}}',
  ])('know nothing from %j', (body) => {
    expect(receipts?.read(Buffer.from(body))).toBeUndefined();
  });
});

describe('createOpenRouter', () => {
  it('names the application and stays in a region', () => {
    const app = { url: 'https://example.com', title: 'Station Finder', categories: ['travel', 'maps'] };
    expect(createOpenRouter({ app, region: 'eu', metadata: false })).toMatchObject({
      baseUrl: 'https://eu.openrouter.ai/api/v1',
      headers: {
        'http-referer': 'https://example.com',
        'x-openrouter-title': 'Station Finder',
        'x-openrouter-categories': 'travel,maps',
      },
    });
    expect(openrouter.headers).toEqual({ 'x-openrouter-metadata': 'enabled' });
  });
});

describe('what is said of the application', () => {
  it.each([
    [{ url: 'my-app' }, 'app.url: expected an absolute URL'],
    [{ url: 'https://a.example', title: 'Café ☕' }, 'app.title: expected printable ASCII'],
    [{ url: 'https://a.example', title: 'a\nb' }, 'app.title: expected printable ASCII'],
    [{ url: 'https://a.example', categories: ['a', 'b', 'c'] }, 'app.categories: expected at most two'],
  ])('is refused as %j, before a call', (app, message) => {
    expect(() => createOpenRouter({ app })).toThrow(message);
  });
});

describe('openrouterRequest', () => {
  const request = { model: 'anthropic/claude-sonnet-4.5', messages: [], 'x-unknown': [1] };

  it.each([
    [{}, {}],
    [{ provider: 'anthropic' }, { provider: { order: ['anthropic'] } }],
    [{ provider: ['anthropic', 'google'] }, { provider: { order: ['anthropic', 'google'] } }],
    [{ route: 'least-cost' }, { provider: { sort: 'price' } }],
    [{ route: 'fastest' }, { provider: { sort: 'throughput' } }],
    [
      { provider: 'anthropic', route: 'fallback', fallbacks: ['openai/gpt-4o'] },
      { provider: { order: ['anthropic'], allow_fallbacks: true }, models: ['openai/gpt-4o'] },
    ],
    [
      { provider: { only: ['azure'], zdr: true }, route: 'least-cost', models: ['a'], fallbacks: ['b'] },
      { provider: { only: ['azure'], zdr: true, sort: 'price' }, models: ['a', 'b'] },
    ],
  ] as const)('turns %j into %j', (words, parameters) => {
    expect(openrouterRequest({ ...request, ...words })).toEqual({ ...request, ...parameters });
  });

  it.each([
    [
      { provider: { allow_fallbacks: false }, route: 'fallback' },
      'allow_fallbacks: true, and `provider` says false',
    ],
    [{ provider: { sort: 'latency' }, route: 'fastest' }, 'sort: throughput, and `provider` says "latency"'],
  ] as const)('refuses %j, which says two things', (words, message) => {
    expect(() => openrouterRequest({ ...request, ...words })).toThrow(`route: means ${message}`);
  });

  it('refuses a route that nobody knows', () => {
    expect(() => openrouterRequest({ ...request, route: 'cheapest' as 'fastest' })).toThrow(
      'route: expected least-cost, fastest or fallback, got "cheapest"',
    );
  });
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
