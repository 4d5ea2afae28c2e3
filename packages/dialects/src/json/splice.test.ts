import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outline } from './outline.ts';
import { applySplices, setMembers } from './splice.ts';

const set = (text: string, values: Record<string, unknown>): string => {
  const bytes = Buffer.from(text);
  return Buffer.from(applySplices(bytes, setMembers(outline(bytes), values))).toString();
};

describe('setMembers', () => {
  it('replaces a value and leaves every other byte as it was', () => {
    expect(set('{ "a" : 1 ,\n "b":\t"x" }', { b: 'ü"' })).toBe('{ "a" : 1 ,\n "b":\t"ü\\"" }');
  });

  it('adds members at the beginning of the object', () => {
    expect(set('{"a":1}', { b: 2, c: { d: true } })).toBe('{"b":2,"c":{"d":true},"a":1}');
    expect(set(' { } ', { b: 2, c: 3 })).toBe(' {"b":2,"c":3 } ');
  });

  it('gives the very same bytes back when nothing changes', () => {
    const bytes = Buffer.from('{"a":1,"b":"x"}');
    expect(applySplices(bytes, setMembers(outline(bytes), { a: 1, b: 'x', c: undefined }))).toBe(bytes);
  });

  it('always yields an object that parses to the changed one', () => {
    const values = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(values, values, fc.boolean(), (object, changes, pretty) => {
        const text = JSON.stringify(object, null, pretty ? 2 : 0);
        const expected = { ...JSON.parse(text), ...JSON.parse(JSON.stringify(changes)) };
        expect(JSON.parse(set(text, changes))).toEqual(expected);
      }),
    );
  });
});
