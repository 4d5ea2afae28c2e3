import { describe, expect, it } from 'vitest';
import { openaiCompletions } from './index.ts';

const open = (body: object) =>
  openaiCompletions.openRequest(Buffer.from(JSON.stringify(body)), '/v1/completions');

describe('openRequest', () => {
  it.each([
    [{ prompt: 'a' }, 1],
    [{ prompt: [1, 2, 3] }, 1],
    [{ prompt: ['a', 'b'] }, 2],
    [{ prompt: [[1, 2], [3], [4]] }, 3],
    [{ prompt: ['a', 'b'], n: 3 }, 6],
    [{ prompt: 'a', n: 2, best_of: 5 }, 5],
  ])('counts every answer that will be charged: %j', (body, choices) => {
    expect(open({ model: 'm', ...body }).facts.choices).toBe(choices);
  });

  it('allows a cap of zero, which asks for the echo alone', () => {
    expect(open({ model: 'm', prompt: 'a', max_tokens: 0, echo: true }).facts.maxOutputTokens).toBe(0);
  });

  it.each([{ best_of: 129 }, { best_of: '2' }, { max_tokens: -1 }, { prompt: [] }, { prompt: {} }])(
    'refuses %j',
    (body) => {
      expect(() => open({ model: 'm', prompt: 'a', ...body })).toThrow(
        expect.objectContaining({ code: 'invalid_request' }),
      );
    },
  );
});
