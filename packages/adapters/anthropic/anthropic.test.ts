import { readFileSync } from 'node:fs';
import { testProvider } from '@genops/testing/conformance';
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
      error: {
        bytes: fixture('error-529.json'),
        error: { status: 529, type: 'overloaded_error', code: 'overloaded', message: 'Overloaded' },
        lacks: ['error.code'],
      },
      otherErrors: [
        { status: 400, bytes: fixture('error-400-too-long.json') },
        { status: 404, bytes: fixture('error-404.json') },
        { status: 429, bytes: fixture('error-429.json') },
      ],
    },
  ],
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
