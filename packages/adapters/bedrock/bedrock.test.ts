import { readFileSync } from 'node:fs';
import { classify, wordsOf } from '@genops/router';
import { type ExchangeFixture, testProvider } from '@genops/testing/conformance';
import { describe, expect, it } from 'vitest';
import { bedrock, createBedrock } from './src/index.ts';

const model = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';

const facts = {
  usage: { inputTokens: 1118, cacheReadInputTokens: 1000, cacheCreationInputTokens: 88, outputTokens: 17 },
};

const exchange = (path: string, stream: boolean): ExchangeFixture => ({
  path: `/model/${encodeURIComponent(model)}${path}`,
  request: {
    bytes: fixture('converse-request.json'),
    facts: { requestModel: model, stream, choices: 1, maxOutputTokens: 200, media: { image: 1 } },
  },
  answer: { bytes: fixture('converse.json'), facts },
  ...(stream && {
    stream: {
      bytes: fixture('converse-stream.bin'),
      facts: { ...facts, complete: true, outputBytes: 26, outputEvents: 3 },
    },
  }),
  error: {
    bytes: fixture('error-429.json'),
    error: {
      status: 429,
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      message: 'Too many requests',
    },
    lacks: ['__type', 'reason'],
  },
});

testProvider(bedrock, {
  keyHeaders: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  exchanges: [exchange('/converse', false), exchange('/converse-stream', true)],
});

describe('createBedrock', () => {
  it('is at the address of its region', () => {
    expect(createBedrock({ region: 'eu-west-1' }).baseUrl).toBe(
      'https://bedrock-runtime.eu-west-1.amazonaws.com',
    );
  });

  it('knows a signed request from one with a token', () => {
    expect(bedrock.isSigned?.({ authorization: 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/…' })).toBe(true);
    expect(bedrock.isSigned?.({ authorization: 'Bearer token' })).toBe(false);
    expect(bedrock.isSigned?.({})).toBe(false);
  });
});

describe('errors', () => {
  it.each([
    [429, 'ThrottlingException', 'rate_limited'],
    [400, 'ThrottlingException', 'throttling_exception'],
    [429, 'ModelNotReadyException', 'rate_limited'],
    [503, 'ServiceUnavailableException', 'unavailable'],
  ])('%i %s means %s', (status, name, id) => {
    const failure = {
      kind: 'status',
      status,
      headers: { 'x-amzn-errortype': name },
      body: fixture('error-429.json').toString(),
    } as const;
    expect(classify(wordsOf('aws-bedrock', failure)).id).toBe(id);
  });
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
