import { describe, expect, it } from 'vitest';
import { createSharedText } from './shared-text.ts';

const read = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('createSharedText', () => {
  it('is the UTF-8 of what was written, and tells how long each piece is', () => {
    const text = createSharedText();
    expect(text.write('grün')).toBe(5);
    text.endLine();
    expect(text.write('😀')).toBe(4);
    expect(read(text.bytes())).toBe('grün\n😀');
  });

  it('grows without losing what is there', () => {
    const text = createSharedText(8);
    const pieces = Array.from({ length: 200 }, (_, index) => `${index}€`);
    for (const piece of pieces) {
      text.write(piece);
      text.endLine();
    }
    expect(read(text.bytes())).toBe(`${pieces.join('\n')}\n`);
  });

  it('begins anew in the same memory', () => {
    const text = createSharedText();
    text.write('before');
    const { buffer } = text.bytes();
    text.clear();
    text.leave(2);
    text.write('after');
    expect(text.bytes().buffer).toBe(buffer);
    expect(read(text.bytes().subarray(2))).toBe('after');
  });

  it('lies in memory that other threads see', () => {
    expect(createSharedText().bytes().buffer).toBeInstanceOf(SharedArrayBuffer);
  });
});
