import { readFileSync } from 'node:fs';
import { readErrors, testProvider } from '@genops/testing/conformance';
import { describe, expect, it } from 'vitest';
import { anthropic } from './src/index.ts';

const facts = {
  responseId: 'msg_01XFDUDYJgAACzvnptvVoYEL',
  responseModel: 'claude-sonnet-4-5-20250929',
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
};

const overloaded = {
  bytes: fixture('error-529.json'),
  error: { status: 529, type: 'overloaded_error', code: 'overloaded', message: 'Overloaded' },
  lacks: ['error.code'],
};

testProvider(anthropic, {
  keyHeaders: (apiKey) => ({ 'x-api-key': apiKey }),
  exchanges: [
    {
      path: '/v1/messages',
      request: {
        bytes: fixture('message-request.json'),
        facts: {
          requestModel: 'claude-sonnet-4-5',
          stream: true,
          choices: 1,
          maxOutputTokens: 1024,
          serviceTier: 'auto',
          media: { image: 1 },
        },
      },
      answer: { bytes: fixture('message.json'), facts },
      stream: {
        bytes: fixture('message-stream.sse'),
        facts: { ...facts, complete: true, outputBytes: 44, outputEvents: 4 },
      },
      error: overloaded,
      otherErrors: [
        { status: 400, bytes: fixture('error-400-too-long.json') },
        { status: 404, bytes: fixture('error-404.json') },
        { status: 429, bytes: fixture('error-429.json') },
        ...readErrors(fixture('errors.json')),
      ],
    },
    {
      path: '/v1/messages/batches',
      request: {
        bytes: fixture('batch-request.json'),
        facts: {
          requestModel: 'claude-sonnet-4-5',
          alternativeModels: ['claude-haiku-4-5'],
          stream: false,
          serviceTier: 'batch',
          requests: [
            expect.objectContaining({ requestModel: 'claude-sonnet-4-5', maxOutputTokens: 1024 }),
            expect.objectContaining({ requestModel: 'claude-haiku-4-5', maxOutputTokens: 256 }),
          ],
        },
        hasFixedModel: true,
        takesCap: false,
      },
      answer: {
        bytes: fixture('batch.json'),
        facts: { responseId: 'msgbatch_013Zva2CMHLNnXjNJJKqJ2EF' },
      },
      error: overloaded,
    },
  ],
});

describe('results of a batch', () => {
  const route = anthropic.routes.find(({ kind }) => kind === 'results');
  const results = route?.kind === 'results' && 'readLine' in route.results ? route.results : undefined;

  it('tell what each request that succeeded has consumed, at the price of a batch', () => {
    const lines = fixture('batch-results.jsonl').toString().trim().split('\n');
    const read = lines.map((line) => results?.readLine(JSON.parse(line)));
    expect(read).toEqual([
      {
        id: 'station-2',
        operation: 'chat',
        facts: {
          responseId: 'msg_014VwiXbi91y3JMjcpyGBHX5',
          responseModel: 'claude-haiku-4-5-20251001',
          serviceTier: 'batch',
          usage: { inputTokens: 11, cacheReadInputTokens: 0, cacheCreationInputTokens: 0, outputTokens: 36 },
        },
      },
      { id: 'station-1', operation: 'chat', facts: { ...facts, serviceTier: 'batch' } },
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('belong to the batch that their path names', () => {
    expect(results?.orderAt?.('/v1/messages/batches/msgbatch_1/results?x=1')).toBe('msgbatch_1');
  });
});

describe('searches on the provider’s side', () => {
  const ask = (tools: readonly object[]) => {
    const body = {
      model: 'claude-sonnet-4-5',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'x' }],
      tools,
    };
    const route = anthropic.routes[0];
    if (route?.kind !== 'metered') throw new Error('It is not metered');
    return route.dialect.openRequest(Buffer.from(JSON.stringify(body)), route.path).facts.options;
  };

  it.each([
    [[{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }], { webSearches: 3 }],
    [[{ type: 'web_search_20250305', name: 'web_search' }], { grounding: true }],
    [[{ name: 'web_search_mine', input_schema: { type: 'object' } }], undefined],
  ] as const)('of %j are bounded by %j', (tools, options) => {
    expect(ask(tools)).toEqual(options);
  });
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
