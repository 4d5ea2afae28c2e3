import { readFileSync } from 'node:fs';
import { classify, wordsOf } from '@genops/router';
import { type ExchangeFixture, readErrors, testProvider } from '@genops/testing/conformance';
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
  otherErrors: readErrors(fixture('errors.json')),
});

/** Another maker's model would not understand it. */
const bodyIsItsMakers = true;

const invokedFacts = {
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

const claude = (path: string, stream: boolean): ExchangeFixture => ({
  ...exchange(path, false),
  request: {
    bytes: fixture('invoke-request.json'),
    facts: { requestModel: model, stream, choices: 1, maxOutputTokens: 1024, media: { image: 1 } },
    hasFixedModel: bodyIsItsMakers,
  },
  answer: { bytes: fixture('invoke.json'), facts: invokedFacts },
  ...(stream && {
    stream: {
      bytes: fixture('invoke-stream.bin'),
      facts: { ...invokedFacts, complete: true, outputBytes: 44, outputEvents: 4 },
    },
  }),
});

const llama = 'us.meta.llama4-scout-17b-instruct-v1:0';
const llamaFacts = { usage: { inputTokens: 11, outputTokens: 17 } };
const llamaExchange = (path: string, stream: boolean): ExchangeFixture => ({
  ...exchange(path, false),
  path: `/model/${encodeURIComponent(llama)}${path}`,
  request: {
    bytes: fixture('invoke-llama-request.json'),
    facts: { requestModel: llama, stream, choices: 1, maxOutputTokens: 200 },
    hasFixedModel: bodyIsItsMakers,
  },
  answer: { bytes: fixture('invoke-llama.json'), facts: llamaFacts },
  ...(stream && {
    stream: {
      bytes: fixture('invoke-llama-stream.bin'),
      facts: { ...llamaFacts, complete: true, outputBytes: 26, outputEvents: 3 },
    },
  }),
});

testProvider(bedrock, {
  keyHeaders: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  exchanges: [
    exchange('/converse', false),
    exchange('/converse-stream', true),
    claude('/invoke', false),
    claude('/invoke-with-response-stream', true),
    llamaExchange('/invoke', false),
    llamaExchange('/invoke-with-response-stream', true),
    ...[
      'stability.sd3-5-large-v1%3A0',
      'us.stability.stable-image-core-v1%3A1',
      'amazon.nova-canvas-v1%3A0',
      'amazon.titan-image-generator-v2%3A0',
    ].map(
      (name): ExchangeFixture => ({
        ...exchange('/invoke', false),
        path: `/model/${name}/invoke`,
        request: {
          bytes: Buffer.from(
            JSON.stringify({
              taskType: 'TEXT_IMAGE',
              textToImageParams: { text: 'A railway station in rain' },
              imageGenerationConfig: { numberOfImages: 2, width: 1024, height: 1024, quality: 'premium' },
            }),
          ),
          facts: {
            requestModel: decodeURIComponent(name),
            choices: 2,
            options: { imageSize: '1024x1024', imageQuality: 'premium' },
          },
          takesCap: false,
        },
        answer: {
          bytes: Buffer.from(
            '{"images":["iVBORw0KGgo=",null],"finish_reasons":[null,"Filter reason: output image"]}',
          ),
          facts: { usage: { images: 1 } },
        },
      }),
    ),
    {
      ...exchange('/invoke', false),
      path: '/model/amazon.titan-embed-text-v2%3A0/invoke',
      request: {
        bytes: Buffer.from('{"inputText":"Où est la gare ? 🚉","dimensions":512}'),
        facts: { requestModel: 'amazon.titan-embed-text-v2:0', stream: false },
        takesCap: false,
      },
      answer: { bytes: fixture('invoke-titan-embed.json'), facts: { usage: { inputTokens: 7 } } },
    },
  ],
});

describe('the head of an answer', () => {
  it('counts tokens for bodies that do not', () => {
    const head = {
      'x-amzn-requestid': 'r-1',
      'x-amzn-bedrock-input-token-count': '11',
      'x-amzn-bedrock-output-token-count': '17',
    };
    expect(bedrock.readHead?.(head)).toEqual({
      responseId: 'r-1',
      usage: { inputTokens: 11, outputTokens: 17 },
    });
    expect(bedrock.readHead?.({ ...head, 'x-amzn-bedrock-output-token-count': '-1' })).toEqual({
      responseId: 'r-1',
      usage: { inputTokens: 11 },
    });
    expect(bedrock.readHead?.({})).toEqual({});
  });
});

describe('caps of an invoked model', () => {
  it.each([
    ['amazon.nova-pro-v1:0', { inferenceConfig: { maxTokens: 9 } }],
    ['amazon.titan-text-express-v1', { textGenerationConfig: { maxTokenCount: 9 } }],
    ['eu.meta.llama3-2-3b-instruct-v1:0', { max_gen_len: 9 }],
    ['openai.gpt-oss-120b-1:0', { max_completion_tokens: 9 }],
    ['mistral.mistral-large-2407-v1:0', { max_tokens: 9 }],
    ['unheard-of.model-1', {}],
  ])('stand where %s takes them', (name, cap) => {
    const path = `/model/${encodeURIComponent(name)}/invoke`;
    const route = bedrock.routes.find((one) => one.path === '/model/*/invoke');
    if (route?.kind !== 'metered') return expect.unreachable();
    const bare = Buffer.from('{"messages":[]}');
    const { rewrite } = route.dialect.openRequest(bare, path);
    const changed = JSON.parse(Buffer.from(rewrite({ maxOutputTokens: 9 })).toString());
    expect(changed).toEqual({ messages: [], ...cap });
  });
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
