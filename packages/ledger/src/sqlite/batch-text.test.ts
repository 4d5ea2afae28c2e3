import { describe, expect, it } from 'vitest';
import { createBatchText } from './batch-text.ts';

const read = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('createBatchText', () => {
  it('is the UTF-8 of what was written, and tells how long each piece is', () => {
    const text = createBatchText();
    expect(text.write('grün')).toBe(5);
    text.endLine();
    expect(text.write('😀')).toBe(4);
    expect(read(text.take())).toBe('grün\n😀');
  });

  it('grows without losing what is there', () => {
    const text = createBatchText(8);
    const pieces = Array.from({ length: 200 }, (_, index) => `${index}€`);
    for (const piece of pieces) {
      text.write(piece);
      text.endLine();
    }
    expect(read(text.take())).toBe(`${pieces.join('\n')}\n`);
  });

  it('leaves room where it is asked to', () => {
    const text = createBatchText();
    text.write('a');
    text.leave(2);
    text.write('b');
    expect([...text.take()]).toEqual([0x61, 0, 0, 0x62]);
  });

  it('begins anew after each time, in other memory', () => {
    const text = createBatchText();
    text.write('before');
    const before = text.take();
    text.write('after');
    const after = text.take();
    expect(read(before)).toBe('before');
    expect(read(after)).toBe('after');
    expect(after.buffer).not.toBe(before.buffer);
  });
});
