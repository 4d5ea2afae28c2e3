import { readFileSync } from 'node:fs';
import { classify, wordsOf } from '@genops/router';
import { type ExchangeFixture, readErrors, testProvider } from '@genops/testing/conformance';
import { describe, expect, it } from 'vitest';
import { createAzureOpenAI } from './src/index.ts';

const azure = createAzureOpenAI({
  endpoint: 'https://our-resource.openai.azure.com',
  deployments: { 'search-prod': 'gpt-4o-mini' },
});

const error: ExchangeFixture['error'] = {
  bytes: fixture('error-content-filter.json'),
  error: {
    status: 400,
    type: 'invalid_request_error',
    code: 'content_filter',
    message:
      "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    parameter: 'prompt',
  },
};

const chatFacts = {
  responseId: 'chatcmpl-Cdx1kNwqM0sR3yGdR8sKfLwZ1uHeP',
  responseModel: 'gpt-4o-mini-2024-07-18',
  usage: {
    inputTokens: 2049,
    cacheReadInputTokens: 1920,
    inputAudioTokens: 0,
    outputTokens: 17,
    reasoningOutputTokens: 0,
    outputAudioTokens: 0,
  },
};

function chat(path: string, request: ExchangeFixture['request']): ExchangeFixture {
  return {
    path,
    request,
    answer: { bytes: fixture('chat.json'), facts: chatFacts },
    stream: {
      bytes: fixture('chat-stream.sse'),
      facts: { ...chatFacts, complete: true, outputBytes: 26, outputEvents: 6 },
    },
    error,
    otherErrors: [
      { status: 429, bytes: fixture('error-429.json') },
      { status: 404, bytes: fixture('error-deployment.json') },
      ...readErrors(fixture('errors.json')),
    ],
  };
}

/** The deployment in the path decides, whatever the body says. */
function inPath(exchange: ExchangeFixture): ExchangeFixture {
  return { ...exchange, request: { ...exchange.request, hasFixedModel: true } };
}

const completionsFacts = {
  responseId: 'cmpl-1',
  responseModel: 'gpt-35-turbo-instruct',
  usage: { inputTokens: 7, outputTokens: 12 },
};
const responsesFacts = {
  responseId: 'resp_67cb71b351908190a308f3859487620d06981a8637e6bc44',
  responseModel: 'search-prod',
  serviceTier: 'default',
  usage: { inputTokens: 36, cacheReadInputTokens: 0, outputTokens: 87, reasoningOutputTokens: 64 },
};

const completions = (path: string): ExchangeFixture => ({
  path,
  request: {
    bytes: Buffer.from('{"model":"search-prod","prompt":"Où est la gare ?","max_tokens":200}'),
    facts: { requestModel: 'search-prod', maxOutputTokens: 200 },
  },
  answer: {
    bytes: Buffer.from(
      JSON.stringify({
        id: 'cmpl-1',
        object: 'text_completion',
        created: 1762950411,
        model: 'gpt-35-turbo-instruct',
        choices: [
          { text: 'Là.', index: 0, logprobs: null, finish_reason: 'stop', content_filter_results: {} },
        ],
        usage: { prompt_tokens: 7, completion_tokens: 12, total_tokens: 19 },
      }),
    ),
    facts: completionsFacts,
  },
  error,
});

const embeddings = (path: string, requestModel: string): ExchangeFixture => ({
  path,
  request: {
    bytes: fixture('embeddings-request.json'),
    facts: { requestModel },
    takesCap: false,
  },
  answer: {
    bytes: fixture('embeddings.json'),
    facts: { responseModel: 'text-embedding-3-small', usage: { inputTokens: 7 } },
  },
  error,
});

const responses = (path: string): ExchangeFixture => ({
  path,
  request: {
    bytes: fixture('responses-request.json'),
    facts: { requestModel: 'search-prod', stream: true, maxOutputTokens: 200 },
  },
  answer: { bytes: fixture('responses.json'), facts: responsesFacts },
  stream: {
    bytes: fixture('responses-stream.sse'),
    facts: { ...responsesFacts, complete: true, outputBytes: 26, outputEvents: 3 },
  },
  error,
});

const images = (path: string): ExchangeFixture => ({
  path,
  request: {
    bytes: Buffer.from('{"model":"draw-prod","prompt":"A railway station in rain","size":"1024x1024"}'),
    facts: { requestModel: 'draw-prod', options: { imageSize: '1024x1024' } },
    takesCap: false,
  },
  answer: {
    bytes: Buffer.from(
      JSON.stringify({
        created: 1762950411,
        data: [{ b64_json: 'iVBORw0KGgo=' }],
        usage: {
          input_tokens: 11,
          input_tokens_details: { image_tokens: 0, text_tokens: 11 },
          output_tokens: 272,
          total_tokens: 283,
        },
      }),
    ),
    facts: { usage: { inputTokens: 11, inputImageTokens: 0, outputTokens: 272, outputImageTokens: 272 } },
  },
  error,
});

const speech = (path: string): ExchangeFixture => ({
  path,
  request: {
    bytes: Buffer.from('{"model":"speak-prod","input":"La gare est là. 🚉","voice":"alloy"}'),
    facts: { requestModel: 'speak-prod', options: { characters: 17, outputAudio: true } },
    takesCap: false,
  },
  answer: { bytes: Buffer.from([0xff, 0xf3, 0x44, 0xc4]), facts: {} },
  error,
});

const transcription = (path: string): ExchangeFixture => ({
  path,
  request: {
    bytes: Buffer.from(
      '--X\r\nContent-Disposition: form-data; name="model"\r\n\r\nhear-prod\r\n--X\r\n' +
        'Content-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nBYTES\r\n--X--\r\n',
    ),
    facts: { requestModel: 'hear-prod', media: { audio: 1 } },
    contentType: 'multipart/form-data; boundary=X',
    takesCap: false,
  },
  answer: {
    bytes: Buffer.from('{"text":"La gare est là.","duration":3.2}'),
    facts: { usage: { audioSeconds: 4 } },
  },
  error,
});

/** At the deployment's address, and where the request names it. */
const inBothPlaces = (
  make: (path: string) => ExchangeFixture,
  deployment: string,
  path: string,
): readonly ExchangeFixture[] => [inPath(make(`/deployments/${deployment}${path}`)), make(`/v1${path}`)];

const chatRequest = { requestModel: 'search-prod', stream: true, maxOutputTokens: 200 };

testProvider(azure, {
  keyHeaders: (apiKey) => ({ 'api-key': apiKey }),
  exchanges: [
    inPath(
      chat('/deployments/search-prod/chat/completions', {
        bytes: fixture('chat-request.json'),
        facts: chatRequest,
      }),
    ),
    chat('/v1/chat/completions', { bytes: fixture('chat-v1-request.json'), facts: chatRequest }),
    inPath(completions('/deployments/search-prod/completions')),
    completions('/v1/completions'),
    inPath(embeddings('/deployments/embed-prod/embeddings', 'embed-prod')),
    embeddings('/v1/embeddings', 'search-embeddings'),
    responses('/responses'),
    responses('/v1/responses'),
    ...inBothPlaces(images, 'draw-prod', '/images/generations'),
    ...inBothPlaces(images, 'draw-prod', '/images/edits'),
    ...inBothPlaces(speech, 'speak-prod', '/audio/speech'),
    ...inBothPlaces(transcription, 'hear-prod', '/audio/transcriptions'),
    ...inBothPlaces(transcription, 'hear-prod', '/audio/translations'),
  ],
});

describe('createAzureOpenAI', () => {
  it('prices a deployment as the model that it is', () => {
    expect(azure.priceAs?.('search-prod')).toBe('gpt-4o-mini');
    expect(azure.priceAs?.('gpt-4o')).toBe('gpt-4o');
    expect(azure.priceAs?.('constructor')).toBe('constructor');
  });

  it.each(['', '/', '/openai', '/openai/v1/'])('takes the endpoint with %j behind it', (behind) => {
    const { baseUrl } = createAzureOpenAI({ endpoint: `https://our-resource.openai.azure.com${behind}` });
    expect(baseUrl).toBe(azure.baseUrl);
  });
});

describe('errors', () => {
  it.each([
    ['content-filter', 400, 'content_filter'],
    ['429', 429, 'rate_limited'],
    ['deployment', 404, 'model_not_found'],
  ])('%s means %s', (name, status, id) => {
    const body = fixture(`error-${name}.json`).toString();
    expect(classify(wordsOf('azure', { kind: 'status', status, headers: {}, body })).id).toBe(id);
  });
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
