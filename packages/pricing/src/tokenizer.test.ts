import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTokenizer } from './tokenizer.ts';

describe('openTokenizer', () => {
  it.each([
    ['gpt-4o', 'o200k_base'],
    ['openai/gpt-4.1-mini', 'o200k_base'],
    ['gpt-5.4-2026-03-05', 'o200k_base'],
    ['o3', 'o200k_base'],
    ['ft:gpt-4o-mini-2024-07-18:acme::x', 'o200k_base'],
    ['openai/gpt-oss-120b', 'o200k_harmony'],
    ['gpt-4', 'cl100k_base'],
    ['gpt-4-turbo', 'cl100k_base'],
    ['gpt-3.5-turbo', 'cl100k_base'],
    ['text-embedding-3-small', 'cl100k_base'],
    ['text-davinci-003', 'p50k_base'],
  ])('counts %s with %s', async (model, encoding) => {
    expect(await openTokenizer(model)).toMatchObject({ encoding, exact: true });
  });

  it('counts what the model counts', async () => {
    const [old, current] = [await openTokenizer('gpt-4'), await openTokenizer('gpt-4o')];
    expect(old.count('tiktoken is great!')).toBe(6);
    expect(current.count('Hello, world!')).toBe(4);
    // The published example of chat framing: 3 for each message, 3 for the answer.
    expect(current.countMessages([{ role: 'user', content: 'Hello, world!' }])).toBe(3 + 1 + 4 + 3);
  });

  it('takes text that looks like a control token for text', async () => {
    const tokenizer = await openTokenizer('gpt-4o');
    expect(tokenizer.count('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('says when it only estimates', async () => {
    const tokenizer = await openTokenizer('claude-opus-5');
    expect(tokenizer).toMatchObject({ exact: false });
    expect(tokenizer).not.toHaveProperty('encoding');
    expect(tokenizer.count('')).toBe(0);
    expect(tokenizer.count('a'.repeat(260))).toBe(100);
    expect((await openTokenizer('anthropic/claude-3.5-haiku')).count('a'.repeat(350))).toBe(100);
  });

  it.each(['gpt-4o', 'gpt-4', 'claude-opus-5', 'llama-3.3-70b'])(
    'never counts more for %s than bytes',
    async (model) => {
      const tokenizer = await openTokenizer(model);
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
          expect(tokenizer.count(text)).toBeLessThanOrEqual(tokenizer.atMost(text));
          expect(tokenizer.atMost(text)).toBe(new TextEncoder().encode(text).length);
        }),
      );
    },
  );
});
