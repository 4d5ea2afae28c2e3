import { readFileSync } from 'node:fs';
import { readErrors, testProvider } from '@genops/testing/conformance';
import { describe, expect, it } from 'vitest';
import { attributionHeaders, createSelfHostedHelicone, helicone, heliconeHeaders } from './src/index.ts';

const responsesFacts = {
  responseId: 'resp_67cb71b351908190a308f3859487620d06981a8637e6bc44',
  responseModel: 'gpt-5-mini-2025-08-07',
  serviceTier: 'default',
  usage: { inputTokens: 36, cacheReadInputTokens: 0, outputTokens: 87, reasoningOutputTokens: 64 },
};
const error = {
  bytes: fixture('error-429.json'),
  error: {
    status: 429,
    type: 'request_failed',
    code: 'request_failed',
    message: 'Insufficient credits',
  },
};
const chat = {
  path: '/chat/completions',
  request: {
    bytes: fixture('chat-request.json'),
    facts: { requestModel: 'gpt-4o-mini/openai', stream: true, choices: 1, maxOutputTokens: 60 },
  },
  answer: {
    bytes: fixture('chat.json'),
    facts: {
      responseId: 'chatcmpl-Chc1',
      responseModel: 'gpt-4o-mini-2024-07-18',
      usage: { inputTokens: 16, cacheReadInputTokens: 0, outputTokens: 3, reasoningOutputTokens: 0 },
    },
  },
  stream: {
    bytes: fixture('chat-stream.sse'),
    facts: {
      responseId: 'chatcmpl-Chc2',
      responseModel: 'gpt-4o-mini-2024-07-18',
      usage: { inputTokens: 16, outputTokens: 5 },
      complete: true,
      outputBytes: 15,
      outputEvents: 4,
    },
  },
  error,
  otherErrors: readErrors(fixture('errors.json')),
};
const responses = {
  path: '/responses',
  request: {
    bytes: fixture('responses-request.json'),
    facts: { requestModel: 'gpt-4o-mini/openai', stream: true, maxOutputTokens: 60 },
  },
  answer: { bytes: fixture('responses.json'), facts: responsesFacts },
  stream: {
    bytes: fixture('responses-stream.sse'),
    facts: { ...responsesFacts, complete: true, outputBytes: 26, outputEvents: 3 },
  },
  error,
};
const keyHeaders = (apiKey: string) => ({ authorization: `Bearer ${apiKey}` });

testProvider(helicone, { keyHeaders, exchanges: [chat, responses] });
testProvider(createSelfHostedHelicone({ baseUrl: 'https://gateway.example.com/router/main/' }), {
  keyHeaders,
  exchanges: [chat],
});

describe('model names', () => {
  const priced = (provider: typeof helicone) => (model: string) => provider.priceAs?.(model);

  it.each([
    ['gpt-4o/openai', { provider: 'openai', model: 'gpt-4o' }],
    ['gpt-4o/azure/deployment-1', { provider: 'azure', model: 'gpt-4o' }],
    ['claude-3-haiku/bedrock', { provider: 'aws-bedrock', model: 'claude-3-haiku' }],
    ['claude-3-haiku', { provider: 'anthropic', model: 'claude-3-haiku' }],
    ['llama-3.3-70b-instruct', 'llama-3.3-70b-instruct'],
  ])('in the cloud: %s', (model, listed) => {
    expect(priced(helicone)(model)).toEqual(listed);
  });

  it.each([
    ['openai/gpt-4o', { provider: 'openai', model: 'gpt-4o' }],
    ['groq/meta-llama/llama-4-scout', { provider: 'groq', model: 'meta-llama/llama-4-scout' }],
  ])('at home: %s', (model, listed) => {
    expect(priced(createSelfHostedHelicone())(model)).toEqual(listed);
  });

  it('go to the list of whoever served', () => {
    expect(helicone.priceAs?.('gpt-4o', 'azure')).toEqual({ provider: 'azure', model: 'gpt-4o' });
  });
});

describe('headers', () => {
  it('refuse a property whose name is none', () => {
    expect(() => heliconeHeaders({ properties: { 'a b': 'x' } })).toThrow(/properties.a b/);
  });

  it('cannot be broken out of by a value', () => {
    const headers = attributionHeaders({ team: 'a\r\nHelicone-Auth: Bearer x' });
    expect(Object.keys(headers)).toEqual(['Helicone-Property-Team']);
    expect(headers['Helicone-Property-Team']).not.toMatch(/[\r\n]/);
  });
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
