import { describe, expect, it } from 'vitest';
import { resetMs, retryAfterMs } from './retry-after.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const inAMinute = new Date(nowMs + 60_000);

describe('retryAfterMs', () => {
  it.each<[string, Record<string, string>, unknown, number | undefined]>([
    ['milliseconds', { 'retry-after-ms': '1500' }, undefined, 1500],
    ['milliseconds before seconds', { 'retry-after-ms': '250', 'retry-after': '9' }, undefined, 250],
    ['seconds', { 'retry-after': '7' }, undefined, 7_000],
    ['seconds with a fraction', { 'retry-after': '0.5' }, undefined, 500],
    ['an HTTP date', { 'retry-after': inAMinute.toUTCString() }, undefined, 60_000],
    ['a past date', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, undefined, 0],
    ['far too long', { 'retry-after': '1000000000' }, undefined, 3_600_000],
    ['a negative number', { 'retry-after': '-5' }, undefined, undefined],
    ['an exponent', { 'retry-after': '1e9' }, undefined, undefined],
    ['junk', { 'retry-after': 'soon' }, undefined, undefined],
    ['nothing at all', {}, undefined, undefined],
    [
      'RetryInfo of Google',
      {},
      {
        error: {
          details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '46s' }],
        },
      },
      46_000,
    ],
    ['a field of the body', {}, { error: { availability: { retry_after: 12 } } }, 12_000],
    [
      'the reset of the window that is empty, not of the others',
      {
        'x-ratelimit-remaining-requests': '12',
        'x-ratelimit-reset-requests': '6m0s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '1.5s',
      },
      undefined,
      1_500,
    ],
    [
      'a reset without a remaining, as an instant',
      { 'anthropic-ratelimit-tokens-reset': inAMinute.toISOString() },
      undefined,
      60_000,
    ],
  ])('reads %s', (_, headers, body, expected) => {
    expect(retryAfterMs(headers, body, nowMs)).toBe(expected);
  });

  it('is clamped to what the caller allows', () => {
    expect(retryAfterMs({ 'retry-after': '0' }, undefined, nowMs, { minMs: 100 })).toBe(100);
    expect(retryAfterMs({ 'retry-after': '90' }, undefined, nowMs, { maxMs: 30_000 })).toBe(30_000);
  });
});

describe('resetMs', () => {
  it.each([
    ['6m0s', 360_000],
    ['120ms', 120],
    ['1h2m3.5s', 3_723_500],
    ['30', 30_000],
    [String(nowMs / 1000 + 5), 5_000],
    [String(nowMs + 5_000), 5_000],
    ['2026-03-01T12:00:10Z', 10_000],
    ['never', undefined],
    ['-1', undefined],
  ])('reads %s', (text, expected) => {
    expect(resetMs(text, nowMs)).toBe(expected);
  });
});
