import { readFileSync } from 'node:fs';
import { classify, retryAfterMs, wordsOf } from '@genops/router';
import { type ExchangeFixture, readErrors, testProvider } from '@genops/testing/conformance';
import { describe, expect, it } from 'vitest';
import { createVertex, google, googleOpenAI, vertex } from './src/index.ts';

const facts = {
  responseId: 'mAxWaYqBL5qvxN8Pj5-A2Qk',
  responseModel: 'gemini-2.5-flash',
  usage: {
    inputTokens: 464,
    cacheReadInputTokens: 100,
    inputImageTokens: 258,
    outputTokens: 58,
    reasoningOutputTokens: 41,
  },
};

const request = {
  bytes: fixture('generate-request.json'),
  facts: { requestModel: 'gemini-2.5-flash', choices: 1, maxOutputTokens: 200, media: { image: 1 } },
};
const streamed = { complete: true, outputBytes: 26, outputEvents: 3 };

const geminiError: ExchangeFixture['error'] = {
  bytes: fixture('error-400.json'),
  error: {
    status: 400,
    type: 'invalid_request_error',
    code: 'api_key_invalid',
    message: 'API key not valid.',
  },
};

/** Thoughts are in the total only. */
const compatibleFacts = {
  responseId: 'mAxWaYqBL5qvxN8Pj5-A2Qk',
  responseModel: 'gemini-2.5-flash',
  usage: { inputTokens: 464, outputTokens: 58, reasoningOutputTokens: 41 },
};
/** Its errors stay Google's own, in a list. */
const compatibleError: ExchangeFixture['error'] = {
  bytes: fixture('compatible-error-400.json'),
  error: geminiError.error,
  lacks: ['error', 'error.message', 'error.type', 'error.param', 'error.code'],
};

/** Of one who asks for an image. */
const imageFacts = {
  responseId: 'pxQxWaYqBL5qvxN8Pj5-A2Qk',
  responseModel: 'gemini-2.5-flash-image',
  usage: { inputTokens: 8, outputTokens: 1296, outputImageTokens: 1290 },
};

const embeddings = (path: string, error: ExchangeFixture['error']): ExchangeFixture => ({
  path,
  request: {
    bytes: fixture('embed-request.json'),
    facts: { requestModel: 'gemini-embedding-001', stream: false },
    takesCap: false,
  },
  answer: { bytes: fixture('embed.json'), facts: { usage: { inputTokens: 7 } } },
  error,
});

const images = (path: string, error: ExchangeFixture['error']): ExchangeFixture => ({
  path,
  request: {
    bytes: fixture('imagen-request.json'),
    facts: {
      requestModel: 'imagen-4.0-generate-001',
      stream: false,
      choices: 2,
      options: { imageSize: '1K' },
    },
    takesCap: false,
  },
  // Two were asked for; one was filtered, which is not charged.
  answer: { bytes: fixture('imagen.json'), facts: { usage: { images: 1 } } },
  error,
});

testProvider(google, {
  keyHeaders: (apiKey) => ({ 'x-goog-api-key': apiKey }),
  exchanges: [
    {
      path: '/v1beta/models/gemini-2.5-flash:batchGenerateContent',
      request: {
        bytes: fixture('batch-request.json'),
        facts: {
          requestModel: 'gemini-2.5-flash',
          alternativeModels: ['gemini-2.5-flash-lite'],
          stream: false,
          serviceTier: 'batch',
          requests: [
            expect.objectContaining({ requestModel: 'gemini-2.5-flash', maxOutputTokens: 1024 }),
            expect.objectContaining({ requestModel: 'gemini-2.5-flash-lite', maxOutputTokens: 256 }),
          ],
        },
        hasFixedModel: true,
        takesCap: false,
      },
      answer: {
        bytes: fixture('batch.json'),
        facts: { responseId: 'batches/kx2m7vq0p4ar9w1d8t5z' },
      },
      error: geminiError,
    },
    embeddings('/v1beta/models/gemini-embedding-001:embedContent', geminiError),
    images('/v1beta/models/imagen-4.0-generate-001:predict', geminiError),
    {
      path: '/v1beta/models/gemini-embedding-2:batchEmbedContents',
      request: {
        bytes: fixture('batch-embed-request.json'),
        facts: { requestModel: 'gemini-embedding-2', stream: false, media: { image: 1 } },
        takesCap: false,
      },
      answer: {
        bytes: fixture('batch-embed.json'),
        facts: { usage: { inputTokens: 265, inputImageTokens: 258 } },
      },
      error: geminiError,
    },
    {
      path: '/v1beta/models/gemini-2.5-flash-image:generateContent',
      request: {
        bytes: fixture('generate-request.json'),
        facts: { requestModel: 'gemini-2.5-flash-image', media: { image: 1 } },
      },
      answer: { bytes: fixture('generate-image.json'), facts: imageFacts },
      error: geminiError,
    },
    ...[':generateContent', ':streamGenerateContent'].map((method) => ({
      path: `/v1beta/tunedModels/ours-7${method}`,
      request: { ...request, facts: { ...request.facts, requestModel: 'ours-7' } },
      answer: { bytes: fixture('generate.json'), facts },
      error: geminiError,
    })),
    {
      path: '/v1beta/models/gemini-2.5-flash:generateContent',
      request: { ...request, facts: { ...request.facts, stream: false } },
      answer: { bytes: fixture('generate.json'), facts },
      error: geminiError,
      otherErrors: [{ status: 429, bytes: fixture('error-429.json') }, ...readErrors(fixture('errors.json'))],
    },
    {
      path: '/v1beta/models/gemini-2.5-flash:streamGenerateContent',
      request: { ...request, facts: { ...request.facts, stream: true } },
      answer: { bytes: fixture('generate.json'), facts },
      stream: { bytes: fixture('generate-stream.sse'), facts: { ...facts, ...streamed } },
      error: geminiError,
      otherErrors: [{ status: 429, bytes: fixture('error-429.json') }, ...readErrors(fixture('errors.json'))],
    },
  ],
});

testProvider(googleOpenAI, {
  keyHeaders: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  exchanges: [
    {
      path: '/chat/completions',
      request: {
        bytes: fixture('compatible-request.json'),
        facts: { requestModel: 'gemini-2.5-flash', stream: true, maxOutputTokens: 200 },
      },
      answer: { bytes: fixture('compatible.json'), facts: compatibleFacts },
      stream: { bytes: fixture('compatible-stream.sse'), facts: { ...compatibleFacts, ...streamed } },
      error: compatibleError,
    },
    {
      path: '/embeddings',
      request: {
        bytes: Buffer.from('{"model":"gemini-embedding-001","input":"Où est la gare ?"}'),
        facts: { requestModel: 'gemini-embedding-001' },
        takesCap: false,
      },
      answer: {
        bytes: fixture('compatible-embeddings.json'),
        facts: { responseModel: 'gemini-embedding-001', usage: { inputTokens: 7 } },
      },
      error: compatibleError,
    },
    {
      path: '/images/generations',
      request: {
        bytes: Buffer.from('{"model":"imagen-4.0-generate-001","prompt":"A railway station","n":2}'),
        facts: { requestModel: 'imagen-4.0-generate-001', choices: 2 },
        takesCap: false,
      },
      answer: {
        bytes: Buffer.from('{"created":1762950411,"data":[{"b64_json":"iVBORw0KGgo="}]}'),
        facts: { usage: { images: 1 } },
      },
      error: compatibleError,
    },
  ],
});

const claudeFacts = {
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

const claude = (path: string): ExchangeFixture => ({
  path,
  request: {
    bytes: fixture('claude-request.json'),
    facts: {
      requestModel: 'claude-sonnet-4-5@20250929',
      stream: true,
      maxOutputTokens: 1024,
      media: { image: 1 },
    },
  },
  answer: { bytes: fixture('claude.json'), facts: claudeFacts },
  stream: {
    bytes: fixture('claude-stream.sse'),
    facts: { ...claudeFacts, complete: true, outputBytes: 44, outputEvents: 4 },
  },
  error: { ...vertexError, lacks: ['type', 'error.type'] },
});

const vertexFacts = { ...facts, serviceTier: 'standard' };
const vertexError: ExchangeFixture['error'] = {
  bytes: fixture('vertex-error-401.json'),
  error: {
    status: 401,
    type: 'authentication_error',
    code: 'access_token_type_unsupported',
    message: 'Request had invalid authentication credentials.',
  },
};

testProvider(vertex, {
  keyHeaders: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  exchanges: ['/v1/projects/p-1/locations/global', '/v1'].flatMap((parent): ExchangeFixture[] => [
    {
      path: `${parent}/publishers/google/models/gemini-2.5-flash:generateContent`,
      request: { ...request, facts: { ...request.facts, stream: false } },
      answer: { bytes: fixture('vertex-generate.json'), facts: vertexFacts },
      error: vertexError,
      otherErrors: readErrors(fixture('errors.json')),
    },
    {
      path: `${parent}/publishers/google/models/gemini-2.5-flash:streamGenerateContent`,
      request: { ...request, facts: { ...request.facts, stream: true } },
      answer: { bytes: fixture('vertex-generate.json'), facts: vertexFacts },
      stream: { bytes: fixture('vertex-generate-stream.sse'), facts: { ...vertexFacts, ...streamed } },
      error: vertexError,
    },
    embeddings(`${parent}/publishers/google/models/gemini-embedding-001:embedContent`, vertexError),
    images(`${parent}/publishers/google/models/imagen-4.0-generate-001:predict`, vertexError),
    {
      path: `${parent}/publishers/google/models/gemini-embedding-001:predict`,
      request: {
        bytes: fixture('vertex-embed-request.json'),
        facts: { requestModel: 'gemini-embedding-001', stream: false },
        takesCap: false,
      },
      answer: { bytes: fixture('vertex-embed.json'), facts: { usage: { inputTokens: 7 } } },
      error: vertexError,
    },
    claude(`${parent}/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict`),
    claude(`${parent}/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict`),
  ]),
});

describe('errors', () => {
  it('mean a rate limit, with the wait that Google asks for', () => {
    const body = fixture('error-429.json').toString();
    const words = wordsOf('google', { kind: 'status', status: 429, headers: {}, body });
    expect(classify(words)).toMatchObject({ id: 'google_quota', key: 'throttle' });
    expect(retryAfterMs({}, JSON.parse(body), 0)).toBe(46_000);
  });
});

describe('createVertex', () => {
  it('is at the address of its location', () => {
    expect(createVertex({ location: 'europe-west4' }).baseUrl).toBe(
      'https://europe-west4-aiplatform.googleapis.com',
    );
    expect(vertex.baseUrl).toBe('https://aiplatform.googleapis.com');
  });
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
