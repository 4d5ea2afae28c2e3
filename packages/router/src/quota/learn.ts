import type { Headers } from '../failures/failure.ts';
import { resetMs, retryAfterMs } from '../failures/retry-after.ts';
import type { QuotaUnit, QuotaWindow } from './window.ts';

/** Where a provider says what is left: names of headers, and what their numbers count. */
export interface RateLimitSignal {
  /** @default any */
  readonly provider?: readonly string[];
  readonly unit: QuotaUnit;
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
  /** Length of the window where the provider documents one. */
  readonly windowMs?: number;
}

const minute = 60_000;
const day = 86_400_000;
const groqAndKin = ['groq'];
const cerebras = ['cerebras'];
const openrouter = ['openrouter'];
const withOpenaiNames = ['openai', 'azure-openai'];

/**
 * What is read from answers. Sources: the providers' rate-limit pages (checked 2026-11). Google sends no
 * such headers; its 429 says how long to wait, which throttles the key instead.
 */
export const rateLimitSignals: readonly RateLimitSignal[] = [
  named('x-ratelimit', 'requests', 'requests', { provider: withOpenaiNames }),
  named('x-ratelimit', 'tokens', 'tokens', { provider: withOpenaiNames }),
  named('x-ratelimit', 'requests', 'requests', { provider: groqAndKin, windowMs: day }),
  named('x-ratelimit', 'tokens', 'tokens', { provider: groqAndKin, windowMs: minute }),
  anthropic('requests', 'requests'),
  anthropic('tokens', 'tokens'),
  anthropic('input-tokens', 'inputTokens'),
  anthropic('output-tokens', 'outputTokens'),
  named('x-ratelimit', 'requests-minute', 'requests', { provider: cerebras, windowMs: minute }),
  named('x-ratelimit', 'requests-hour', 'requests', { provider: cerebras, windowMs: 3_600_000 }),
  named('x-ratelimit', 'requests-day', 'requests', { provider: cerebras, windowMs: day }),
  named('x-ratelimit', 'tokens-minute', 'tokens', { provider: cerebras, windowMs: minute }),
  named('x-ratelimit', 'tokens-hour', 'tokens', { provider: cerebras, windowMs: 3_600_000 }),
  named('x-ratelimit', 'tokens-day', 'tokens', { provider: cerebras, windowMs: day }),
  {
    provider: openrouter,
    unit: 'requests',
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
];

/** For providers without lines of their own. */
export const genericSignals: readonly RateLimitSignal[] = [
  named('x-ratelimit', 'requests', 'requests', {}),
  named('x-ratelimit', 'tokens', 'tokens', {}),
  {
    unit: 'requests',
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
  { unit: 'requests', limit: 'ratelimit-limit', remaining: 'ratelimit-remaining', reset: 'ratelimit-reset' },
];

/** The windows that an answer's headers tell of. What cannot be (a negative count) tells nothing. */
export function learnWindows(
  provider: string,
  headers: Headers,
  nowMs: number,
  signals: readonly RateLimitSignal[] = rateLimitSignals,
): readonly QuotaWindow[] {
  const own = signals.filter((signal) => signal.provider?.includes(provider));
  const windows: QuotaWindow[] = [];
  for (const signal of own.length > 0 ? own : genericSignals) {
    const remaining = count(headers[signal.remaining]);
    if (remaining === undefined) continue;
    const limit = Math.max(count(headers[signal.limit]) ?? remaining, remaining);
    // A window that is empty and has no size says nothing about when or how much will be back.
    if (limit === 0) continue;
    const reset = headers[signal.reset];
    const waitMs = reset === undefined ? waitWhenEmpty(remaining, headers, nowMs) : resetMs(reset, nowMs);
    windows.push({
      unit: signal.unit,
      limit,
      remaining,
      source: 'learnt',
      verifiedAtMs: nowMs,
      ...(waitMs !== undefined && { resetsAtMs: nowMs + waitMs }),
      ...(signal.windowMs !== undefined && { windowMs: signal.windowMs }),
    });
  }
  return windows;
}

function waitWhenEmpty(remaining: number, headers: Headers, nowMs: number): number | undefined {
  return remaining === 0 ? retryAfterMs(headers, undefined, nowMs) : undefined;
}

/** Azure's Responses API can say -1; that is nobody's count. */
function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function named(
  prefix: string,
  suffix: string,
  unit: QuotaUnit,
  more: Pick<RateLimitSignal, 'provider' | 'windowMs'>,
): RateLimitSignal {
  return {
    unit,
    limit: `${prefix}-limit-${suffix}`,
    remaining: `${prefix}-remaining-${suffix}`,
    reset: `${prefix}-reset-${suffix}`,
    ...more,
  };
}

function anthropic(name: string, unit: QuotaUnit): RateLimitSignal {
  const prefix = `anthropic-ratelimit-${name}`;
  return {
    provider: ['anthropic'],
    unit,
    limit: `${prefix}-limit`,
    remaining: `${prefix}-remaining`,
    reset: `${prefix}-reset`,
  };
}
