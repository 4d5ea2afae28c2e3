import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern, nameTest } from './patterns.ts';

describe('matchesPattern', () => {
  it.each([
    ['gpt-4o', 'gpt-4o', true],
    ['gpt-4o', 'gpt-4o-mini', false],
    ['gpt-*', 'gpt-4o-mini', true],
    ['*-mini', 'gpt-4o-mini', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*bc*c', 'abc', false],
    ['a.c', 'abc', false],
  ])('%s and %s: %s', (pattern, name, meant) => {
    expect(matchesPattern(pattern, name)).toBe(meant);
  });

  it('is what a regular expression with .* in place of each * says', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    fc.assert(
      fc.property(text, name, (pattern, value) => {
        const source = pattern.replace(/[.]/g, '\\.').replaceAll('*', '.*');
        expect(matchesPattern(pattern, value)).toBe(new RegExp(`^${source}$`).test(value));
      }),
    );
  });
});

describe('nameTest', () => {
  it('takes every name when there is no list', () => {
    expect(nameTest(undefined)('anything')).toBe(true);
    expect(nameTest(['a', 'b*'])('bc')).toBe(true);
    expect(nameTest(['a', 'b*'])('c')).toBe(false);
  });
});
