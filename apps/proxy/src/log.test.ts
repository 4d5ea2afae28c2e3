import { describe, expect, it } from 'vitest';
import { withoutSecrets } from './log.ts';

describe('withoutSecrets', () => {
  it.each([
    [
      'a URL',
      'connect postgres://genops:hunter22@db:5432/x failed',
      'connect postgres://***@db:5432/x failed',
    ],
    ['a header', 'Authorization: Bearer abc.def-ghi', 'Authorization: Bearer ***'],
    ['an access key', 'No such key: AKIAIOSFODNN7EXAMPLE', 'No such key: AKIA***'],
    ['a key', 'Incorrect API key provided: sk-proj-abcdefghijklmnop', 'Incorrect API key provided: sk-***'],
  ])('takes credentials out of %s', (_where, text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  it('leaves other words alone', () => {
    const text = 'limits[0].amount: expected a decimal such as "12.50", see https://example.com/a@b';
    expect(withoutSecrets(text)).toBe(text);
  });
});
