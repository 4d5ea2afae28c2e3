import { isDeepStrictEqual } from 'node:util';
import type { Dialect, StreamFacts, StreamReader } from '@genops/core';
import fc from 'fast-check';
import { expect } from 'vitest';

/** What came out of a stream that was fed to a reader. */
export interface ReadStream {
  readonly facts: StreamFacts;
  readonly passedOn: Buffer;
}

/** Feeds bytes to a reader, cut at these places. */
export function readStream(reader: StreamReader, bytes: Buffer, cuts: readonly number[] = []): ReadStream {
  const passedOn: Uint8Array[] = [];
  let start = 0;
  for (const end of [...cuts.toSorted((left, right) => left - right), bytes.length]) {
    passedOn.push(...reader.push(bytes.subarray(start, end)));
    start = end;
  }
  passedOn.push(...reader.flush());
  return { facts: reader.facts(), passedOn: Buffer.concat(passedOn) };
}

/** Asserts that where a stream is cut changes neither what is read nor what is passed on. */
export function expectCutsDoNotMatter(dialect: Dialect, bytes: Buffer): void {
  for (const withholdUsage of [false, true]) {
    const whole = readStream(dialect.createStreamReader({ withholdUsage }), bytes);
    const check = (cuts: readonly number[]): void => {
      const cut = readStream(dialect.createStreamReader({ withholdUsage }), bytes, cuts);
      const isSame = cut.passedOn.equals(whole.passedOn) && isDeepStrictEqual(cut.facts, whole.facts);
      // The slow comparison is for the message only.
      if (!isSame) expect(cut, `cut at ${cuts.join()}`).toEqual(whole);
    };
    // Withholding does all that passing on does, and more: it is tried at every byte.
    const stride = withholdUsage ? 1 : 7;
    for (let cut = 0; cut <= bytes.length; cut += stride) check([cut]);
    check(Array.from({ length: bytes.length }, (_, index) => index));
    fc.assert(fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), check));
  }
}
