import { readFileSync } from 'node:fs';
import { testProvider } from '@genops/testing/conformance';
import { openai } from './src/index.ts';

const usage = {
  inputTokens: 2049,
  cacheReadInputTokens: 1920,
  inputAudioTokens: 0,
  outputTokens: 17,
  reasoningOutputTokens: 0,
  outputAudioTokens: 0,
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
    },
  ],
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
