import { readFileSync } from 'node:fs';
import { testProvider } from '@genops/testing/conformance';
import { describe, expect, it } from 'vitest';
import { createSkyRouter } from './src/index.ts';

const skyrouter = createSkyRouter({ baseUrl: 'https://genaiapi.example.net/v1/ai/endpoint-path/' });
const usage = { inputTokens: 14, outputTokens: 7 };

testProvider(skyrouter, {
  keyHeaders: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  exchanges: [
    {
      path: '/chat/completions',
      request: {
        bytes: fixture('chat-request.json'),
        facts: { requestModel: 'openai/gpt-4o-mini', stream: true, choices: 1, maxOutputTokens: 60 },
      },
      answer: {
        bytes: fixture('chat.json'),
        facts: { responseId: 'chatcmpl-9d1c52f0a7', responseModel: 'openai/gpt-4o-mini', usage },
      },
      stream: {
        bytes: fixture('chat-stream.sse'),
        facts: {
          responseId: 'chatcmpl-9d1c52f0a8',
          responseModel: 'openai/gpt-4o-mini',
          usage,
          complete: true,
          outputBytes: 22,
          outputEvents: 5,
        },
      },
      error: {
        bytes: fixture('error-502.json'),
        error: {
          status: 502,
          type: 'upstream_error',
          code: 'upstream_error',
          message: 'Upstream request failed',
        },
      },
    },
  ],
});

describe('createSkyRouter', () => {
  it('has no address of its own', () => {
    expect(skyrouter.baseUrl).toBe('https://genaiapi.example.net/v1/ai/endpoint-path');
    expect(() => createSkyRouter({ baseUrl: 'skyrouter' })).toThrow(/baseUrl/);
  });

  it.each([
    ['openai/gpt-5', { provider: 'openai', model: 'gpt-5' }],
    ['x-ai/grok-4', { provider: 'x-ai', model: 'grok-4' }],
    ['xai/grok-4', { provider: 'x-ai', model: 'grok-4' }],
    ['claude-3-sonnet', { provider: 'anthropic', model: 'claude-3-sonnet' }],
    ['MaaS_4o', 'MaaS_4o'],
  ])('prices %s by its maker, where that is known', (model, listed) => {
    expect(skyrouter.priceAs?.(model)).toEqual(listed);
  });

  it('takes one’s own price list', () => {
    const own = createSkyRouter({ baseUrl: 'https://x.example', priceAs: (model) => `contract-${model}` });
    expect(own.priceAs?.('gpt-4')).toBe('contract-gpt-4');
  });
});

function fixture(name: string): Buffer {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}
