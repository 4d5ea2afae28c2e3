/** What a quota counts. */
export type QuotaUnit = 'requests' | 'tokens' | 'inputTokens' | 'outputTokens';

/** One window of one unit, as configured or as a provider's headers said. */
export interface QuotaWindow {
  readonly unit: QuotaUnit;
  readonly limit: number;
  /** As of `verifiedAtMs`. */
  readonly remaining: number;
  /** When all of `limit` is back; absent where nobody said. */
  readonly resetsAtMs?: number;
  /** Length of the window, for those that start anew by themselves; absent for learnt ones. */
  readonly windowMs?: number;
  /** Starts anew with each calendar month in UTC. */
  readonly monthly?: true;
  readonly source: 'configured' | 'learnt';
  readonly verifiedAtMs: number;
}

/** Calendar words count in UTC. */
export type QuotaPeriod = 'minute' | 'hourly' | 'daily' | 'monthly' | { readonly seconds: number };

/** How a person writes a quota. */
export interface QuotaConfiguration {
  readonly unit: QuotaUnit;
  readonly limit: number;
  readonly window: QuotaPeriod;
  /** An instant: where a window of seconds is anchored, or when the first one ends. */
  readonly resetsAtMs?: number;
}

/** The window as it stands now: a reset that is due has happened, no job has to do it. */
export function windowAt(window: QuotaWindow, nowMs: number): QuotaWindow {
  if (window.resetsAtMs === undefined || nowMs < window.resetsAtMs) return window;
  const { resetsAtMs, ...rest } = window;
  const fresh = { ...rest, remaining: window.limit, verifiedAtMs: resetsAtMs };
  if (window.monthly) return { ...fresh, resetsAtMs: edges('monthly', nowMs).endMs };
  if (window.windowMs === undefined) return fresh;
  const passed = Math.floor((nowMs - resetsAtMs) / window.windowMs) + 1;
  return { ...fresh, resetsAtMs: resetsAtMs + passed * window.windowMs };
}

/** The first window of a configured quota, full. */
export function windowOf(configuration: QuotaConfiguration, nowMs: number): QuotaWindow {
  const { unit, limit, window, resetsAtMs } = configuration;
  const { endMs, lengthMs } = edges(window, nowMs);
  return {
    unit,
    limit,
    remaining: limit,
    resetsAtMs: resetsAtMs ?? endMs,
    windowMs: lengthMs,
    ...(window === 'monthly' && { monthly: true }),
    source: 'configured',
    verifiedAtMs: nowMs,
  };
}

const day = 86_400_000;

function edges(period: QuotaPeriod, nowMs: number): { readonly endMs: number; readonly lengthMs: number } {
  if (period === 'monthly') {
    const now = new Date(nowMs);
    const startMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
    const endMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
    return { endMs, lengthMs: endMs - startMs };
  }
  const lengthMs =
    typeof period === 'object'
      ? period.seconds * 1000
      : { minute: 60_000, hourly: 3_600_000, daily: day }[period];
  return { endMs: (Math.floor(nowMs / lengthMs) + 1) * lengthMs, lengthMs };
}
