import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usageFromSnake, usageToSnake } from './snake-case-usage.ts';
import { usageCounters } from './usage.ts';

describe('usageToSnake', () => {
  it('writes every counter that is not zero', () => {
    const all = Object.fromEntries(usageCounters.map((counter, index) => [counter, index]));
    expect(Object.values(usageToSnake(all))).toEqual(usageCounters.slice(1).map((_, index) => index + 1));
    expect(usageToSnake({ inputTokens: 3, cacheReadInputTokens: 0, outputTokens: 2 })).toEqual({
      input_tokens: 3,
      output_tokens: 2,
    });
  });
});

describe('usageFromSnake', () => {
  it('reads what was written', () => {
    const alone = fc.constantFrom('inputTokens', 'outputTokens', 'images', 'audioSeconds', 'webSearches');
    fc.assert(
      fc.property(fc.dictionary(alone, fc.integer({ min: 1 })), (usage) => {
        expect(usageFromSnake(usageToSnake(usage))).toEqual({ ...usage });
      }),
    );
  });

  it.each([
    [{ input_tokens: -1 }, 'input_tokens'],
    [{ input_tokens: 1.5 }, 'input_tokens'],
    [{ input_tokens: Number.NaN }, 'input_tokens'],
    [{ input_tokens: Number.POSITIVE_INFINITY }, 'input_tokens'],
    [{ input_tokens: 2 ** 53 }, 'input_tokens'],
    [{ input_tokens: '5' }, 'input_tokens'],
    [{ input_tokens: null }, 'input_tokens'],
    [{ inputTokens: 5 }, 'inputTokens'],
    [{ __proto__: null, constructor: 5 }, 'constructor'],
    [JSON.parse('{"__proto__":5}'), '__proto__'],
    [{ input_tokens: 1, cache_read_tokens: 2 }, 'cacheReadInputTokens'],
    [null, 'usage'],
    [[1], 'usage'],
    ['text', 'usage'],
  ])('refuses %j, and names what is wrong', (json, counter) => {
    expect(() => usageFromSnake(json)).toThrow(expect.objectContaining({ code: 'invalid_usage', counter }));
  });
});
