import { hasErrorCode } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memberValue, outline, outlineMember } from './outline.ts';
import { maximumDepth } from './scan.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('outline', () => {
  it('finds each value of an object by its key', () => {
    const found = outline(bytes(' {"a": [1, {"b": null}],\n"c" : "d\\"}" , "e":-1.5e3}\r\n'));
    expect([...found.members.keys()]).toEqual(['a', 'c', 'e']);
    expect(memberValue(found, 'a')).toEqual([1, { b: null }]);
    expect(memberValue(found, 'c')).toBe('d"}');
    expect(memberValue(found, 'e')).toBe(-1500);
    expect(memberValue(found, 'b')).toBeUndefined();
  });

  it('agrees with JSON.parse on every member of any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 })), (object) => {
        const text = JSON.stringify(object);
        const found = outline(bytes(text));
        const parsed = JSON.parse(text) as Record<string, unknown>;
        expect([...found.members.keys()].toSorted()).toEqual(Object.keys(parsed).toSorted());
        for (const key of Object.keys(parsed)) expect(memberValue(found, key)).toEqual(parsed[key]);
      }),
    );
  });

  it('accepts what JSON.parse accepts, and nothing that is not an object between its strings', () => {
    const text = '{"model":"m","n":-0.5e+2,"messages":[{"content":"a\\u00e9\\n","x":[true,false,null,{}]}]}';
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '.',
      'e',
      '-',
      't',
      ' ',
      '\n',
      '\u0001',
      'é',
    ];
    fc.assert(
      fc.property(
        fc.nat(text.length),
        fc.nat(3),
        fc.array(fc.constantFrom(...pieces), { maxLength: 3 }),
        (at, removed, inserted) => {
          const damaged = text.slice(0, at) + inserted.join('') + text.slice(at + removed);
          if (isObjectWithoutTwins(damaged)) expect(accepts(damaged), damaged).toBe(true);
          else if (!isObjectWithoutTwins(emptyStrings(damaged)))
            expect(accepts(damaged), damaged).toBe(false);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('ends long strings where JSON.parse ends them, whatever quotes and escapes they hold', () => {
    const piece = fc.constantFrom(
      '"',
      '\\',
      '\\"',
      '\n',
      'word '.repeat(9),
      '"'.repeat(40),
      '\\'.repeat(33),
      '日本',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (parts) => {
        const content = parts.join('');
        const found = outline(bytes(JSON.stringify({ content, last: 1 })));
        expect(memberValue(found, 'content')).toBe(content);
        expect(memberValue(found, 'last')).toBe(1);
      }),
    );
  });

  it.each([
    ['', 'expected an object where the body ends'],
    ['[]', 'expected an object at byte 0'],
    ['"text"', 'expected an object at byte 0'],
    ['\uFEFF{}', 'expected an object at byte 0'],
    ['{"a":1', 'expected "," or "}" where the body ends'],
    ['{"a" 1}', 'expected ":" at byte 5'],
    ['{"a":}', 'expected a value at byte 5'],
    ['{"a":[1,,2]}', 'expected a value at byte 8'],
    ['{"a":[1 2]}', 'expected "," or "]" at byte 8'],
    ['{"a":1,}', 'expected a key in double quotes at byte 7'],
    ["{'a':1}", 'expected a key in double quotes at byte 1'],
    ['{"a":"b}', 'expected the closing quote of a string where the body ends'],
    ['{"a":NaN}', 'expected a value at byte 5'],
    ['{"a":nul}', 'expected a value at byte 5'],
    ['{"a":01}', 'expected "," or "}" at byte 6'],
    ['{"a":1.}', 'expected a value at byte 7'],
    ['{"a":+1}', 'expected a value at byte 5'],
    ['{"a":1}{"b":2}', 'expected nothing after the object at byte 7'],
  ])('refuses %j and says where', (text, message) => {
    expect(() => outline(bytes(text))).toThrow(`The body is not valid JSON: ${message}`);
  });

  it('refuses bytes that are not UTF-8', () => {
    const broken = Buffer.concat([bytes('{"a":"'), Buffer.from([0xc3, 0x28]), bytes('"}')]);
    expect(() => outline(broken)).toThrow('not UTF-8');
  });

  it.each(['{"model":"a","model":"b"}', '{"model":"a","mod\\u0065l":"b"}', '{"__proto__":1,"__proto__":2}'])(
    'refuses a key that comes twice: %s',
    (text) => {
      expect(() => outline(bytes(text))).toThrow('comes twice');
    },
  );

  it('takes keys of another case for other keys', () => {
    const found = outline(bytes('{"model":"a","Model":"b"}'));
    expect(memberValue(found, 'model')).toBe('a');
    expect(memberValue(found, 'Model')).toBe('b');
  });

  it('refuses nesting beyond the cap, also a million levels, and accepts the cap itself', () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(() => outline(bytes(nested(maximumDepth)))).not.toThrow();
    expect(() => outline(bytes(nested(maximumDepth + 1)))).toThrow('nested deeper than 64 levels');
    expect(() => outline(bytes(`{"a":${'['.repeat(1_000_000)}`))).toThrow('nested deeper');
  });

  it('refuses more parameters than any request has', () => {
    const members = Array.from({ length: 1025 }, (_, index) => `"k${index}":0`);
    expect(() => outline(bytes(`{${members.join(',')}}`))).toThrow('more than 1024 parameters');
  });

  it('pollutes no prototype', () => {
    const found = outline(
      bytes('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    );
    expect(memberValue(found, '__proto__')).toEqual(JSON.parse('{"polluted":true}'));
    expect(memberValue(found, 'toString')).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('finds deeper members by key, below the members asked for only', () => {
    const text =
      '{"tools":[{"image_url":1}],"messages":[{"content":[{"type":"image_url","image_url":{"url":"u"}}]}]}';
    const { found, bytes: whole } = outline(bytes(text), {
      find: { within: ['messages'], keys: ['image_url', 'file'] },
    });
    expect(found.map(({ key, span }) => [key, whole.toString('utf8', span.start, span.end)])).toEqual([
      ['image_url', '{"url":"u"}'],
    ]);
  });

  it('finds a deeper member whose key is escaped, and none inside another', () => {
    const { found } = outline(bytes('{"messages":[{"f\\u0069le":{"file":{"file":1}}},{"file":2}]}'), {
      find: { within: ['messages'], keys: ['file'] },
    });
    expect(found).toHaveLength(2);
  });

  it('outlines a member that is an object', () => {
    const whole = outline(bytes('{"stream_options":{"include_usage":true},"n":1}'));
    const member = outlineMember(whole, 'stream_options');
    expect(member && memberValue(member, 'include_usage')).toBe(true);
    expect(outlineMember(whole, 'n')).toBeUndefined();
    expect(outlineMember(whole, 'absent')).toBeUndefined();
  });
});

function accepts(text: string): boolean {
  try {
    outline(bytes(text));
    return true;
  } catch (error) {
    if (!hasErrorCode(error, 'invalid_request')) throw error;
    return false;
  }
}

/** The text without what stands between the quotes of its strings, keys of the object itself aside. */
function emptyStrings(text: string): string {
  return text.replace(/"(?:[^"\\]|\\[\s\S])*"/g, (found) =>
    /^"(model|n|messages)"$/.test(found) ? found : '""',
  );
}

/** What JSON.parse says, but for keys that come twice, which it does not notice. */
function isObjectWithoutTwins(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return false;
    const keys = [...text.matchAll(/"(model|n|messages)"\s*:/g)].map((match) => match[1]);
    return new Set(keys).size === keys.length;
  } catch {
    return false;
  }
}
