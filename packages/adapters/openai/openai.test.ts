import { readFileSync } from 'node:fs';
import { readErrors, testProvider } from '@genops/testing/conformance';
import { describe, expect, it } from 'vitest';
import { openai } from './src/index.ts';

const usage = {
  inputTokens: 2049,
  cacheReadInputTokens: 1920,
  inputAudioTokens: 0,
  outputTokens: 17,
  reasoningOutputTokens: 0,
  outputAudioTokens: 0,
};

const formType = 'multipart/form-data; boundary=XBOUNDARYX';
const responsesFacts = {
  responseId: 'resp_67cb71b351908190a308f3859487620d06981a8637e6bc44',
  responseModel: 'gpt-5-mini-2025-08-07',
  serviceTier: 'default',
  usage: { inputTokens: 36, cacheReadInputTokens: 0, outputTokens: 87, reasoningOutputTokens: 64 },
};
const completionsFacts = {
  responseId: 'cmpl-CbXqTn4m0V3yGdR8sKfLwZ1uHePoJ',
  responseModel: 'gpt-3.5-turbo-instruct:20230824-v2',
  usage: { inputTokens: 7, outputTokens: 12 },
};
const imagesAnswer = {
  bytes: fixture('images.json'),
  facts: { usage: { inputTokens: 11, inputImageTokens: 0, outputTokens: 272, outputImageTokens: 272 } },
};
const invalidKey = {
  bytes: fixture('error-401.json'),
  error: {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message: 'Incorrect API key provided',
  },
};

testProvider(openai, {
  keyHeaders: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  exchanges: [
    {
      path: '/chat/completions',
      request: {
        bytes: fixture('chat-request.json'),
        facts: { requestModel: 'gpt-4o-mini', stream: true, choices: 1, maxOutputTokens: 200 },
      },
      answer: {
        bytes: fixture('chat.json'),
        facts: {
          responseId: 'chatcmpl-CbXqTn4m0V3yGdR8sKfLwZ1uHePoJ',
          responseModel: 'gpt-4o-mini-2024-07-18',
          serviceTier: 'default',
          usage,
        },
      },
      stream: {
        bytes: fixture('chat-stream.sse'),
        facts: {
          responseId: 'chatcmpl-CbXqVd2rPq8sTn0KcYb5LxWmE7uAz',
          responseModel: 'gpt-4o-mini-2024-07-18',
          serviceTier: 'default',
          usage,
          complete: true,
          outputBytes: 38,
          outputEvents: 12,
        },
      },
      error: {
        bytes: fixture('error-429.json'),
        error: {
          status: 429,
          type: 'tokens',
          code: 'rate_limit_exceeded',
          message: 'Rate limit reached for gpt-4o-mini',
        },
      },
      otherErrors: [
        { status: 401, bytes: fixture('error-401.json'), means: 'unauthorized' },
        ...readErrors(fixture('errors.json')),
      ],
    },
    {
      path: '/responses',
      request: {
        bytes: fixture('responses-request.json'),
        facts: { requestModel: 'gpt-5-mini', stream: true, maxOutputTokens: 200, media: { image: 1 } },
      },
      answer: { bytes: fixture('responses.json'), facts: responsesFacts },
      stream: {
        bytes: fixture('responses-stream.sse'),
        facts: { ...responsesFacts, complete: true, outputBytes: 26, outputEvents: 3 },
      },
      error: invalidKey,
    },
    {
      path: '/responses/compact',
      request: {
        bytes: fixture('responses-request.json'),
        facts: { requestModel: 'gpt-5-mini', media: { image: 1 } },
      },
      answer: { bytes: fixture('responses.json'), facts: responsesFacts },
      error: invalidKey,
    },
    {
      path: '/completions',
      request: {
        bytes: fixture('completions-request.json'),
        facts: { requestModel: 'gpt-3.5-turbo-instruct', stream: true, maxOutputTokens: 200 },
      },
      answer: { bytes: fixture('completions.json'), facts: completionsFacts },
      stream: {
        bytes: fixture('completions-stream.sse'),
        facts: { ...completionsFacts, complete: true, outputBytes: 26, outputEvents: 6 },
      },
      error: invalidKey,
    },
    {
      path: '/embeddings',
      request: {
        bytes: fixture('embeddings-request.json'),
        facts: { requestModel: 'text-embedding-3-small', stream: false },
        takesCap: false,
      },
      answer: {
        bytes: fixture('embeddings.json'),
        facts: { responseModel: 'text-embedding-3-small', usage: { inputTokens: 12 } },
      },
      error: invalidKey,
    },
    {
      path: '/images/generations',
      request: {
        bytes: fixture('images-request.json'),
        facts: { requestModel: 'gpt-image-1', options: { imageSize: '1024x1024', imageQuality: 'low' } },
        takesCap: false,
      },
      answer: imagesAnswer,
      error: invalidKey,
    },
    {
      path: '/images/edits',
      request: {
        bytes: form({ model: 'gpt-image-1', prompt: 'Rain', size: '1024x1024' }, 'image', 'image/png'),
        facts: { requestModel: 'gpt-image-1', media: { image: 1 } },
        contentType: formType,
        takesCap: false,
      },
      answer: imagesAnswer,
      error: invalidKey,
    },
    {
      path: '/audio/speech',
      request: {
        bytes: Buffer.from(JSON.stringify({ model: 'tts-1', input: 'La gare est là. 🚉', voice: 'alloy' })),
        facts: { requestModel: 'tts-1', options: { characters: 17, outputAudio: true } },
        takesCap: false,
      },
      answer: { bytes: Buffer.from([0xff, 0xf3, 0x44, 0xc4]), facts: {} },
      error: invalidKey,
    },
    ...['/audio/transcriptions', '/audio/translations'].map((path) => ({
      path,
      request: {
        bytes: form({ model: 'gpt-4o-transcribe' }, 'file', 'audio/mpeg'),
        facts: { requestModel: 'gpt-4o-transcribe', media: { audio: 1 } },
        contentType: formType,
        takesCap: false,
      },
      answer: {
        bytes: fixture('transcription.json'),
        facts: { usage: { inputTokens: 14, inputAudioTokens: 14, outputTokens: 101 } },
      },
      stream: {
        bytes: fixture('transcription-stream.sse'),
        facts: {
          usage: { inputTokens: 148, inputAudioTokens: 140, outputTokens: 16 },
          complete: true,
          outputBytes: 47,
          outputEvents: 11,
        },
      },
      error: invalidKey,
    })),
  ],
});

describe('the output of a batch', () => {
  it('tells what each answer has consumed, and nothing of what failed or is no answer', () => {
    const route = openai.routes.find(({ path }) => path === '/files/*/content');
    if (route?.kind !== 'results' || 'readDocument' in route.results) return expect.unreachable();
    const { readLine } = route.results;
    const lines = fixture('batch-output.jsonl').toString().trim().split('\n');
    const read = [...lines, '{"messages":[]}', '7', 'null'].map((line) => readLine(JSON.parse(line)));
    expect(read).toMatchObject([
      { id: 'batch_req_671', operation: 'chat', facts: { serviceTier: 'batch', usage } },
      { id: 'batch_req_672', operation: 'chat', facts: { usage: responsesFacts.usage } },
      { id: 'batch_req_673', operation: 'embeddings', facts: { usage: { inputTokens: 12 } } },
      ...Array(5).fill(undefined),
    ]);
  });
});

describe('what cannot be metered', () => {
  const open = (path: string, body: Buffer, contentType?: string) => {
    const route = openai.routes.find((one) => one.method === 'POST' && one.path === path);
    if (route?.kind !== 'metered') throw new Error('It is not metered');
    expect(route.dialect.usageComes).toBe('never');
    return route.dialect.openRequest(body, path, contentType).facts.requestModel;
  };

  it('is known by its model where it names one, else by what it is', () => {
    expect(open('/fine_tuning/jobs', Buffer.from('{"model":"gpt-4.1-mini","training_file":"file-1"}'))).toBe(
      'gpt-4.1-mini',
    );
    expect(open('/videos', form({ model: 'sora-2' }, 'input_reference', 'image/png'), formType)).toBe(
      'sora-2',
    );
    expect(open('/batches', Buffer.from('{"input_file_id":"file-1"}'))).toBe('batch');
    expect(open('/batches', Buffer.from('{'))).toBe('batch');
    expect(open('/batches', Buffer.from('{"model":"\\u0000"}'))).toBe('batch');
  });
});

/** A form as clients send it, with one file in it. */
function form(fields: Readonly<Record<string, string>>, file: string, type: string): Buffer {
  const part = (head: string, value: string): string => `--XBOUNDARYX\r\n${head}\r\n\r\n${value}\r\n`;
  const texts = Object.entries(fields).map(([name, value]) =>
    part(`Content-Disposition: form-data; name="${name}"`, value),
  );
  const head = `Content-Disposition: form-data; name="${file}"; filename="a"\r\nContent-Type: ${type}`;
  return Buffer.from(`${texts.join('')}${part(head, 'BYTES')}--XBOUNDARYX--\r\n`);
}

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
