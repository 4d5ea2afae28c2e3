import type { Headers } from './failure.ts';

/** Between these a wait is believed; what is longer is cut, so that no header can stop a key for ever. */
export interface WaitBounds {
  /** @default 0 */
  readonly minMs?: number;
  /** @default 3_600_000 */
  readonly maxMs?: number;
}

/**
 * How long the provider asks to wait, in whatever form it says so: `retry-after-ms`, `retry-after` in
 * seconds or as an HTTP date, `RetryInfo.retryDelay` of Google, `retry_after` in a body, or the latest
 * `…ratelimit…reset…` of a window with nothing left. Past dates are no wait; junk is no answer.
 *
 * @returns clamped milliseconds, or undefined when it does not say
 */
export function retryAfterMs(
  headers: Headers,
  body: unknown,
  nowMs: number,
  bounds: WaitBounds = {},
): number | undefined {
  const asked =
    milliseconds(headers['retry-after-ms']) ??
    secondsOrDate(headers['retry-after'], nowMs) ??
    retryInfo(body) ??
    retryAfterField(body) ??
    emptyWindowReset(headers, nowMs);
  if (asked === undefined) return undefined;
  return Math.min(Math.max(asked, bounds.minMs ?? 0), bounds.maxMs ?? 3_600_000);
}

function milliseconds(text: string | undefined): number | undefined {
  return plainNumber(text);
}

function secondsOrDate(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const seconds = plainNumber(text);
  if (seconds !== undefined) return seconds * 1000;
  // Only HTTP dates: Date.parse would also take "-5" or "soon 1" for a year.
  if (!/^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function retryInfo(body: unknown): number | undefined {
  const details = field(field(body, 'error'), 'details');
  if (!Array.isArray(details)) return undefined;
  const info = details.find((detail) => String(field(detail, '@type') ?? '').endsWith('RetryInfo'));
  const delay = field(info, 'retryDelay');
  return typeof delay === 'string' ? durationMs(delay) : undefined;
}

function retryAfterField(body: unknown): number | undefined {
  const error = field(body, 'error');
  const places = [field(error, 'retry_after'), field(field(error, 'availability'), 'retry_after')];
  const seconds = places.find((value) => typeof value === 'number' && value >= 0 && Number.isFinite(value));
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}

/** The reset of a window that has nothing left; with several, the last of them. */
function emptyWindowReset(headers: Headers, nowMs: number): number | undefined {
  let latest: number | undefined;
  for (const [name, value] of Object.entries(headers)) {
    if (!/ratelimit.*reset/.test(name)) continue;
    const remaining = headers[name.replace('reset', 'remaining')];
    if (remaining !== undefined && plainNumber(remaining) !== 0) continue;
    const wait = resetMs(value, nowMs);
    if (wait !== undefined) latest = Math.max(latest ?? 0, wait);
  }
  return latest;
}

/** When a window resets, counted from now: `6m0s`, RFC 3339, seconds, or an epoch in seconds or milliseconds. */
export function resetMs(text: string, nowMs: number): number | undefined {
  const number = plainNumber(text);
  if (number !== undefined) {
    if (number > 1e12) return Math.max(0, number - nowMs);
    if (number > 1e9) return Math.max(0, number * 1000 - nowMs);
    return number * 1000;
  }
  if (/^\d{4}-\d{2}-\d{2}T/.test(text)) {
    const at = Date.parse(text);
    return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
  }
  return durationMs(text);
}

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** `1h2m3.5s`, `46s`, `120ms`. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) {
    total += Number(amount) * unitMs[unit as keyof typeof unitMs];
  }
  return total;
}

/** Digits with at most one point: no sign, no exponent, nothing infinite. */
function plainNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,18}(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
