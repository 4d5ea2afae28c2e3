import type { Dialect, StreamFacts } from '@genops/core';
import { describe, expect, it } from 'vitest';
import { cutAt, cutEvery, eventEnds } from './cuts.ts';
import type { ExchangeFixture } from './provider-fixtures.ts';
import { usageSeen } from './seen.ts';

/** A stream is read to the same facts and passed on as the same bytes, however it is cut. */
export function testStreams(dialect: Dialect, fixture: NonNullable<ExchangeFixture['stream']>): void {
  const { bytes, facts } = fixture;
  const read = (pieces: readonly Uint8Array[], withholdUsage: boolean) =>
    readStream(dialect, pieces, withholdUsage);

  it('reads its stream', ({ task }) => {
    expect(read([bytes], false).facts).toEqual(facts);
    task.meta.seen = { operation: dialect.operation, usage: usageSeen(facts) };
  });

  it('passes the very same bytes on', () => {
    expect(read([bytes], false).passed).toEqual(Buffer.from(bytes));
  });

  it('withholds at most the usage', () => {
    const { facts: seen, passed } = read([bytes], true);
    expect(seen).toEqual(facts);
    const { usage: _, reportedCost: _reported, upstreamCost: _upstream, ...rest } = facts;
    expect(read([passed], false).facts).toMatchObject(rest);
  });

  describe.each([
    ['as it is', false],
    ['with usage withheld', true],
  ])('%s', (_, withholdUsage) => {
    const whole = read([bytes], withholdUsage);

    it.each([1, 2, 3, 7, 61, 1000])('comes out the same in pieces of %i bytes', (size) => {
      expect(read(cutEvery(bytes, size), withholdUsage)).toEqual(whole);
    });

    it('comes out the same wherever it is cut in two', () => {
      const stride = Math.ceil(bytes.byteLength / 2000);
      for (let position = 0; position <= bytes.byteLength; position += stride) {
        expect(read(cutAt(bytes, position), withholdUsage), `cut at byte ${position}`).toEqual(whole);
      }
    });
  });

  it('is not complete before its end, and never takes output back', () => {
    let before = 0;
    for (const end of eventEnds(bytes).slice(0, -1)) {
      const { facts: soFar, passed } = read([bytes.subarray(0, end)], false);
      expect(passed.byteLength).toBe(end);
      expect(soFar.outputBytes).toBeGreaterThanOrEqual(before);
      expect(soFar.complete, `after ${end} of ${bytes.byteLength} bytes`).toBe(false);
      before = soFar.outputBytes;
    }
    expect(before).toBeGreaterThan(0);
  });
}

function readStream(
  dialect: Dialect,
  pieces: readonly Uint8Array[],
  withholdUsage: boolean,
): { readonly facts: StreamFacts; readonly passed: Buffer } {
  const reader = dialect.createStreamReader({ withholdUsage });
  const passed = pieces.flatMap((piece) => reader.push(piece));
  return { passed: Buffer.concat([...passed, ...reader.flush()]), facts: reader.facts() };
}
