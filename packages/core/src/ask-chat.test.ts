import { describe, expect, it } from 'vitest';
import { anotherModelMayHelp, askChat, chatFacts } from './ask-chat.ts';
import type { ChatClient } from './chat-client.ts';
import { amountOf } from './money.ts';

const messages = [{ role: 'user' as const, content: 'Guten Tag 🚉' }];

describe('askChat', () => {
  const answering = (headers: Record<string, string>, asked: unknown[]): ChatClient => ({
    baseURL: 'https://llm.example.com/v1',
    withOptions: () => undefined,
    chat: {
      completions: {
        create: (...request) => {
          asked.push(request);
          const data = {
            id: 'x',
            model: 'm',
            choices: [{ message: { content: 'Hallo' } }],
            usage: { prompt_tokens: 7, completion_tokens: 2 },
          };
          return { withResponse: async () => ({ data, response: new Response('', { headers }) }) };
        },
      },
    },
  });

  it('asks, and reads the exact cost off the head', async () => {
    const asked: unknown[] = [];
    const client = answering({ 'x-genops-cost': '0.0000415', 'x-genops-cost-currency': 'EUR' }, asked);
    const result = await askChat(
      client,
      { model: 'm', messages, maxTokens: 5, parameters: { seed: 1 } },
      { timeout: 9 },
    );
    expect(asked).toEqual([[{ seed: 1, model: 'm', messages, max_completion_tokens: 5 }, { timeout: 9 }]]);
    expect(result).toMatchObject({ text: 'Hallo', usage: { inputTokens: 7, outputTokens: 2 } });
    expect(result.cost && [amountOf(result.cost), result.cost.currency]).toEqual(['0.0000415', 'EUR']);
  });

  it('knows no cost where none was said', async () => {
    expect((await askChat(answering({}, []), { model: 'm', messages })).cost).toBeUndefined();
  });
});

describe('chatFacts', () => {
  it('counts bytes, not characters', () => {
    expect(chatFacts({ model: 'm', messages, maxTokens: 9 })).toEqual({
      requestModel: 'm',
      stream: false,
      choices: 1,
      inputBytes: 44,
      maxOutputTokens: 9,
    });
  });
});

describe('anotherModelMayHelp', () => {
  it.each([
    [{ status: 503 }, true],
    [{ status: 429 }, true],
    [{ status: 404 }, true],
    [{ status: 429, code: 'budget_exceeded' }, true],
    [{ status: 403, code: 'unpriced_model' }, true],
    [{ status: 403, code: 'x' }, false],
    [{ status: 401 }, false],
    [{ status: 400 }, false],
    [new Error('lost'), false],
    [Object.assign(new Error('Request timed out.'), { status: undefined }), true],
    [Object.assign(new Error('Request was aborted.'), { status: undefined }), false],
  ])('of %j is %s', (error, helps) => {
    expect(anotherModelMayHelp(error)).toBe(helps);
  });
});
