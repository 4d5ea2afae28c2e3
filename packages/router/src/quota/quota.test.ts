import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnWindows } from './learn.ts';
import { createQuota, type QuotaNeed, smallestNeed } from './quota.ts';
import { windowOf } from './window.ts';

const nowMs = Date.parse('2026-02-28T23:59:30Z');
const need = (tokens: number): QuotaNeed => ({ inputTokens: tokens, outputTokens: 0 });

describe('learnWindows', () => {
  it.each<[string, string, Record<string, string>, readonly object[]]>([
    [
      'OpenAI',
      'openai',
      {
        'x-ratelimit-limit-requests': '500',
        'x-ratelimit-remaining-requests': '499',
        'x-ratelimit-reset-requests': '120ms',
        'x-ratelimit-limit-tokens': '30000',
        'x-ratelimit-remaining-tokens': '29976',
        'x-ratelimit-reset-tokens': '6m0s',
      },
      [
        { unit: 'requests', limit: 500, remaining: 499, resetsAtMs: nowMs + 120 },
        { unit: 'tokens', limit: 30_000, remaining: 29_976, resetsAtMs: nowMs + 360_000 },
      ],
    ],
    [
      'Azure OpenAI, whose reset is in seconds',
      'azure-openai',
      {
        'x-ratelimit-limit-tokens': '1000',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '30',
      },
      [{ unit: 'tokens', remaining: 0, resetsAtMs: nowMs + 30_000 }],
    ],
    ['Azure OpenAI when it does not know', 'azure-openai', { 'x-ratelimit-remaining-tokens': '-1' }, []],
    [
      'Anthropic',
      'anthropic',
      {
        'anthropic-ratelimit-input-tokens-limit': '50000',
        'anthropic-ratelimit-input-tokens-remaining': '49000',
        'anthropic-ratelimit-input-tokens-reset': '2026-03-01T00:00:30Z',
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '49',
        'anthropic-ratelimit-requests-reset': '2026-03-01T00:00:01Z',
      },
      [
        { unit: 'requests', limit: 50, remaining: 49, resetsAtMs: nowMs + 31_000 },
        { unit: 'inputTokens', limit: 50_000, remaining: 49_000, resetsAtMs: nowMs + 60_000 },
      ],
    ],
    [
      'Groq, whose requests are counted by the day and tokens by the minute',
      'groq',
      {
        'x-ratelimit-limit-requests': '14400',
        'x-ratelimit-remaining-requests': '14370',
        'x-ratelimit-reset-requests': '2m59.56s',
        'x-ratelimit-limit-tokens': '18000',
        'x-ratelimit-remaining-tokens': '17997',
        'x-ratelimit-reset-tokens': '7.66s',
      },
      [
        { unit: 'requests', windowMs: 86_400_000, resetsAtMs: nowMs + 179_560 },
        { unit: 'tokens', windowMs: 60_000, resetsAtMs: nowMs + 7_660 },
      ],
    ],
    [
      'OpenRouter, on its own 429',
      'openrouter',
      {
        'x-ratelimit-limit': '20',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(nowMs + 15_000),
      },
      [{ unit: 'requests', limit: 20, remaining: 0, resetsAtMs: nowMs + 15_000 }],
    ],
    [
      'a provider nobody knows',
      'somebody',
      { 'ratelimit-limit': '100', 'ratelimit-remaining': '60', 'ratelimit-reset': '20' },
      [{ unit: 'requests', limit: 100, remaining: 60, resetsAtMs: nowMs + 20_000 }],
    ],
    [
      'an empty window without a reset, by its Retry-After',
      'openai',
      { 'x-ratelimit-limit-requests': '5', 'x-ratelimit-remaining-requests': '0', 'retry-after': '3' },
      [{ unit: 'requests', remaining: 0, resetsAtMs: nowMs + 3_000 }],
    ],
    ['Google, which says nothing', 'google', { 'content-type': 'application/json' }, []],
  ])('reads %s', (_, provider, headers, expected) => {
    expect(learnWindows(provider, headers, nowMs)).toMatchObject(expected);
    expect(learnWindows(provider, headers, nowMs)).toHaveLength(expected.length);
  });
});

describe('windowOf', () => {
  it.each([
    ['minute', '2026-03-01T00:00:00Z'],
    ['hourly', '2026-03-01T00:00:00Z'],
    ['daily', '2026-03-01T00:00:00Z'],
    ['monthly', '2026-03-01T00:00:00Z'],
  ] as const)('ends a %s window on the calendar', (window, end) => {
    expect(windowOf({ unit: 'requests', limit: 1, window }, nowMs).resetsAtMs).toBe(Date.parse(end));
  });
});

describe('createQuota', () => {
  it.each([
    [0.81, 'abundant'],
    [0.8, 'constrained'],
    [0.51, 'constrained'],
    [0.5, 'critical'],
    [0.01, 'critical'],
    [0, 'exhausted'],
  ])('calls %d of the limit %s', (share, state) => {
    const quota = createQuota();
    quota.configure([{ unit: 'tokens', limit: 1_000, window: 'daily' }], nowMs);
    quota.take(need(1_000 - share * 1_000), nowMs)(undefined);
    expect(quota.state(need(10), nowMs).state).toBe(state);
  });

  it('is exhausted for what does not fit, and for nothing else', () => {
    const quota = createQuota();
    quota.configure([{ unit: 'tokens', limit: 1_000, window: 'minute' }], nowMs);
    expect(quota.state(need(1_001), nowMs).state).toBe('exhausted');
    expect(quota.fitsAtMs(need(1_001), nowMs)).toBeUndefined();
    expect(quota.state(need(1_000), nowMs).state).toBe('abundant');
    quota.take(need(10), nowMs);
    expect(quota.fitsAtMs(need(1_000), nowMs)).toBe(Date.parse('2026-03-01T00:00:00Z'));
  });

  it('is full again once its reset is due, without anybody doing anything', () => {
    const quota = createQuota();
    quota.configure([{ unit: 'requests', limit: 2, window: 'minute' }], nowMs);
    quota.take(smallestNeed, nowMs);
    quota.take(smallestNeed, nowMs);
    expect(quota.fits(smallestNeed, nowMs)).toBe(false);
    expect(quota.fits(smallestNeed, nowMs + 29_999)).toBe(false);
    expect(quota.fits(smallestNeed, nowMs + 30_000)).toBe(true);
    expect(quota.windows(nowMs + 200_000)[0]?.resetsAtMs).toBe(nowMs + 210_000);
  });

  it('follows the calendar from month to month', () => {
    const quota = createQuota();
    quota.configure([{ unit: 'requests', limit: 2, window: 'monthly' }], nowMs);
    const resetIn = (instant: string) => quota.windows(Date.parse(instant))[0]?.resetsAtMs;
    expect(resetIn('2026-03-01T00:00:00Z')).toBe(Date.parse('2026-04-01T00:00:00Z'));
    expect(resetIn('2026-04-30T23:59:59Z')).toBe(Date.parse('2026-05-01T00:00:00Z'));
  });

  it('counts several units and windows side by side', () => {
    const quota = createQuota();
    quota.configure(
      [
        { unit: 'requests', limit: 100, window: 'minute' },
        { unit: 'requests', limit: 150, window: 'daily' },
        { unit: 'tokens', limit: 5_000, window: { seconds: 10 } },
      ],
      nowMs,
    );
    expect(quota.windows(nowMs)).toHaveLength(3);
    expect(quota.fits({ requests: 101, inputTokens: 1, outputTokens: 1 }, nowMs)).toBe(false);
    expect(quota.fits(need(5_001), nowMs)).toBe(false);
    expect(quota.fits(need(5_000), nowMs)).toBe(true);
  });

  it('takes the provider’s word over its own count', () => {
    const quota = createQuota();
    const headers = {
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '0',
      'retry-after': '5',
    };
    expect(quota.learn('openai', headers, nowMs)).toBe(true);
    expect(quota.fits(smallestNeed, nowMs)).toBe(false);
    expect(quota.fitsAtMs(smallestNeed, nowMs)).toBe(nowMs + 5_000);
    expect(quota.fits(smallestNeed, nowMs + 5_000)).toBe(true);
  });

  it('lets a prediction lower the state, never raise it', () => {
    const busy = createQuota();
    busy.configure(
      [{ unit: 'requests', limit: 10_000, window: 'monthly' }],
      Date.parse('2026-03-02T00:00:00Z'),
    );
    const start = Date.parse('2026-03-02T00:00:00Z');
    for (let call = 0; call < 1_200; call += 1) busy.take(smallestNeed, start + call * 3_000);
    const later = start + 3_600_000;
    expect(busy.headroom(later)).toBeGreaterThan(0.8);
    expect(busy.state(smallestNeed, later)).toMatchObject({
      state: 'constrained',
      prediction: { confidence: 1 },
    });

    const idle = createQuota();
    idle.configure([{ unit: 'requests', limit: 1_000, window: 'monthly' }], start);
    idle.take({ requests: 990, inputTokens: 0, outputTokens: 0 }, start);
    expect(idle.state(smallestNeed, start + 20 * 86_400_000).state).toBe('critical');
  });

  it('gives back what was not used, once, and never more than the limit', () => {
    const amount = fc.nat(500);
    fc.assert(
      fc.property(fc.array(fc.record({ taken: amount, used: amount }), { maxLength: 30 }), (calls) => {
        const quota = createQuota();
        quota.configure([{ unit: 'tokens', limit: 100_000, window: 'daily' }], nowMs);
        let used = 0;
        for (const call of calls) {
          const settle = quota.take(need(call.taken), nowMs);
          settle({ inputTokens: call.used, outputTokens: 0 });
          settle({ inputTokens: 0, outputTokens: 0 });
          used += call.used;
        }
        expect(quota.windows(nowMs)[0]?.remaining).toBe(100_000 - used);
      }),
    );
  });

  it('takes over the newer of two replicas’ words', () => {
    const here = createQuota();
    const there = createQuota();
    const left = (remaining: string) => ({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': remaining,
    });
    here.learn('openai', left('9'), nowMs);
    there.learn('openai', left('2'), nowMs + 1);
    here.merge(there.windows(nowMs + 1), nowMs + 1);
    there.merge(createQuota().windows(nowMs), nowMs + 1);
    expect(here.windows(nowMs + 1)[0]?.remaining).toBe(2);
  });
});
