import { ConfigurationError } from '@genops/core';
import type { Headers } from '../failures/failure.ts';
import { learnWindows, type RateLimitSignal } from './learn.ts';
import { createUsageRate, type Prediction, predictExhaustion } from './prediction.ts';
import { type QuotaConfiguration, type QuotaUnit, type QuotaWindow, windowAt, windowOf } from './window.ts';

/** How much is left. `exhausted` is a fact: this request does not fit. */
export type CapacityState = 'abundant' | 'constrained' | 'critical' | 'exhausted';

/** What a request needs of a quota. */
export interface QuotaNeed {
  /** @default 1 */
  readonly requests?: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface CapacityThresholds {
  /** Above this share of the limit. @default 0.8 */
  readonly abundant?: number;
  /** @default 0.5 */
  readonly constrained?: number;
  /** A predicted exhaustion sooner than this is `critical`. @default 4 */
  readonly criticalHours?: number;
  /** @default 24 */
  readonly constrainedHours?: number;
  /** Predictions less sure than this change nothing. @default 0.5 */
  readonly confidence?: number;
}

/** What is left of one key, or of all keys of one account together. */
export interface Quota {
  /** @throws {ConfigurationError} for an amount that is none, or two windows of one unit and length */
  configure(configurations: readonly QuotaConfiguration[], nowMs: number): void;
  /** Takes what an answer's headers say for a fact. @returns whether they said anything */
  learn(provider: string, headers: Headers, nowMs: number): boolean;
  /** Counts a request that goes out. @returns gives back what it did not use; only the first call counts */
  take(need: QuotaNeed, nowMs: number): (used: QuotaNeed | undefined) => void;
  fits(need: QuotaNeed, nowMs: number): boolean;
  /** When a request of this size fits at the earliest; undefined where it does now, never will, or nobody knows. */
  fitsAtMs(need: QuotaNeed, nowMs: number): number | undefined;
  /** The smallest share that is left of any window, 0 to 1; 1 where there is none. */
  headroom(nowMs: number): number;
  state(need: QuotaNeed, nowMs: number): QuotaState;
  readonly known: boolean;
  windows(nowMs: number): readonly QuotaWindow[];
  /** Takes over windows of another replica that are newer than ours. */
  merge(windows: readonly QuotaWindow[], nowMs: number): void;
}

export interface QuotaState {
  readonly state: CapacityState;
  readonly windows: readonly QuotaWindow[];
  readonly prediction?: Prediction;
}

export interface QuotaOptions {
  readonly thresholds?: CapacityThresholds;
  readonly signals?: readonly RateLimitSignal[];
}

export const smallestNeed: QuotaNeed = { requests: 1, inputTokens: 1, outputTokens: 0 };

export function createQuota(options: QuotaOptions = {}): Quota {
  /** Own counting and the provider's word side by side; what the provider says of a unit and length wins. */
  const windows = new Map<string, QuotaWindow>();
  const rates = new Map<QuotaUnit, ReturnType<typeof createUsageRate>>();

  const current = (nowMs: number): QuotaWindow[] => {
    for (const [id, window] of windows) {
      const fresh = windowAt(window, nowMs);
      if (fresh !== window) windows.set(id, fresh);
    }
    return [...windows.values()];
  };
  const change = (need: QuotaNeed, sign: 1 | -1): void => {
    for (const [id, window] of windows) {
      const amount = amountOf(window.unit, need);
      if (amount === 0) continue;
      const remaining = Math.max(0, Math.min(window.limit, window.remaining - sign * amount));
      windows.set(id, { ...window, remaining });
    }
  };
  const put = (window: QuotaWindow): void => void windows.set(windowId(window), window);

  const quota: Quota = {
    configure(configurations, nowMs) {
      const made = checkedWindows(configurations, nowMs);
      for (const [id, window] of windows) if (window.source === 'configured') windows.delete(id);
      for (const window of made) put(window);
    },
    learn(provider, headers, nowMs) {
      const learnt = learnWindows(provider, headers, nowMs, options.signals);
      for (const window of learnt) put(window);
      return learnt.length > 0;
    },
    take(need, nowMs) {
      if (windows.size === 0) return () => undefined;
      current(nowMs);
      change(need, 1);
      for (const { unit } of windows.values()) {
        const rate = rates.get(unit) ?? createUsageRate();
        rates.set(unit, rate);
        rate.observe(amountOf(unit, need), nowMs);
      }
      let settled = false;
      return (used) => {
        if (settled) return;
        settled = true;
        const unused = unusedOf(need, used);
        // Windows that the provider spoke about since then already know.
        for (const [id, window] of windows) {
          if (window.verifiedAtMs > nowMs) continue;
          const remaining = window.remaining + amountOf(window.unit, unused);
          windows.set(id, { ...window, remaining: Math.max(0, Math.min(window.limit, remaining)) });
        }
      };
    },
    fits(need, nowMs) {
      if (windows.size === 0) return true;
      return current(nowMs).every(({ unit, remaining }) => amountOf(unit, need) <= remaining);
    },
    fitsAtMs(need, nowMs) {
      let latest: number | undefined;
      for (const { unit, limit, remaining, resetsAtMs } of current(nowMs)) {
        const amount = amountOf(unit, need);
        if (amount <= remaining) continue;
        if (resetsAtMs === undefined || amount > limit) return undefined;
        latest = Math.max(latest ?? 0, resetsAtMs);
      }
      return latest;
    },
    headroom(nowMs) {
      if (windows.size === 0) return 1;
      let least = 1;
      for (const { remaining, limit } of current(nowMs))
        least = Math.min(least, limit === 0 ? 0 : remaining / limit);
      return least;
    },
    state(need, nowMs) {
      const now = current(nowMs);
      if (!quota.fits(need, nowMs)) return { state: 'exhausted', windows: now };
      const byFact = stateOf(quota.headroom(nowMs), options.thresholds);
      const prediction = soonestOf(
        now.flatMap((window) => {
          const rate = rates.get(window.unit);
          return rate === undefined ? [] : [predictExhaustion(window, rate, nowMs)];
        }),
      );
      if (prediction === undefined) return { state: byFact, windows: now };
      return {
        state: worstState(byFact, predictedState(prediction, options.thresholds)),
        windows: now,
        prediction,
      };
    },
    get known() {
      return windows.size > 0;
    },
    windows: current,
    merge(others, nowMs) {
      for (const other of others) {
        const own = windows.get(windowId(other));
        if (own === undefined || other.verifiedAtMs > own.verifiedAtMs) put(other);
      }
      current(nowMs);
    },
  };
  return quota;
}

function checkedWindows(configurations: readonly QuotaConfiguration[], nowMs: number): QuotaWindow[] {
  const ids = new Set<string>();
  return configurations.map((configuration, index) => {
    const { unit, limit, window } = configuration;
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new ConfigurationError(
        `quotas[${index}].limit`,
        `expected a whole number from 1 up, got ${limit}`,
      );
    }
    if (typeof window === 'object' && !(window.seconds > 0 && window.seconds < Number.POSITIVE_INFINITY)) {
      throw new ConfigurationError(
        `quotas[${index}].window.seconds`,
        `expected a number above 0, got ${window.seconds}`,
      );
    }
    const made = windowOf(configuration, nowMs);
    const id = windowId(made);
    if (ids.has(id)) {
      throw new ConfigurationError(
        `quotas[${index}]`,
        `${unit} in a window of this length stand there twice`,
      );
    }
    ids.add(id);
    return made;
  });
}

function windowId({ unit, windowMs, source }: QuotaWindow): string {
  return `${unit}:${source}:${windowMs ?? ''}`;
}

function amountOf(unit: QuotaUnit, need: QuotaNeed): number {
  switch (unit) {
    case 'requests':
      return need.requests ?? 1;
    case 'tokens':
      return need.inputTokens + need.outputTokens;
    case 'inputTokens':
      return need.inputTokens;
    case 'outputTokens':
      return need.outputTokens;
  }
}

/** Negative where more was used than was taken; nothing is known, nothing comes back. */
function unusedOf(taken: QuotaNeed, used: QuotaNeed | undefined): QuotaNeed {
  if (used === undefined) return { requests: 0, inputTokens: 0, outputTokens: 0 };
  return {
    requests: (taken.requests ?? 1) - (used.requests ?? 1),
    inputTokens: taken.inputTokens - used.inputTokens,
    outputTokens: taken.outputTokens - used.outputTokens,
  };
}

const order: readonly CapacityState[] = ['exhausted', 'critical', 'constrained', 'abundant'];

/** Of two: a prediction may lower what is known, never raise it. */
export function worstState(fact: CapacityState, predicted: CapacityState): CapacityState {
  return order[Math.min(order.indexOf(fact), order.indexOf(predicted))] as CapacityState;
}

function stateOf(share: number, thresholds: CapacityThresholds = {}): CapacityState {
  if (share > (thresholds.abundant ?? 0.8)) return 'abundant';
  return share > (thresholds.constrained ?? 0.5) ? 'constrained' : 'critical';
}

function predictedState(prediction: Prediction, thresholds: CapacityThresholds = {}): CapacityState {
  if (prediction.confidence < (thresholds.confidence ?? 0.5)) return 'abundant';
  if (prediction.hours < (thresholds.criticalHours ?? 4)) return 'critical';
  return prediction.hours < (thresholds.constrainedHours ?? 24) ? 'constrained' : 'abundant';
}

export function soonestOf(predictions: readonly (Prediction | undefined)[]): Prediction | undefined {
  let first: Prediction | undefined;
  for (const prediction of predictions) {
    if (prediction !== undefined && (first === undefined || prediction.hours < first.hours))
      first = prediction;
  }
  return first;
}
