import type { GovernorEvent, LedgerEntry } from '@genops/core';
import type { Alert, AlertChange } from '../alert.ts';
import type { AlertRule } from '../rules/schema.ts';
import type { Happening } from './measure.ts';
import { windowsOf } from './reading.ts';
import type { QuotaForecast, Watch } from './watch.ts';
import { watchCounts } from './watch-counts.ts';
import { watchOutages, watchQuotas, watchRemaining, watchSilence } from './watch-standing.ts';
import { watchThresholds } from './watch-thresholds.ts';

/** All rules at work: takes what happens, and says what people have to be told. Reads no clock. */
export interface Watcher {
  /** @returns what has to be told at once */
  take(event: GovernorEvent, nowMs: number): readonly AlertChange[];
  /** @returns what has to be told now */
  evaluate(nowMs: number, quotas?: readonly QuotaForecast[]): readonly AlertChange[];
  /**
   * Counts what was recorded before this process began, so that windows need not fill anew. Nobody is told
   * of it before the next evaluation.
   *
   * @param sinceMs - from when on the entries are complete
   */
  remember(entries: Iterable<LedgerEntry>, sinceMs: number, nowMs: number): void;
  /**
   * Takes over what was firing when the process before this one ended.
   *
   * @returns alerts of rules that are no longer there
   */
  restore(alerts: readonly Alert[]): readonly Alert[];
  /** How far back rules look, in milliseconds. */
  readonly longestWindowMs: number;
}

/** Attempts that failed, to tell a retry from a failover: where the attempt before went. */
const rememberedAttempts = 10_000;

export function createWatcher(rules: readonly AlertRule[], startedAtMs: number): Watcher {
  let watchedSinceMs = startedAtMs;
  const watches = new Map(rules.map((rule) => [rule.id, watchOf(rule, startedAtMs, () => watchedSinceMs)]));
  const observers = [...watches.values()].filter(({ observe }) => observe !== undefined);
  const takers = [...watches.values()].filter(({ take }) => take !== undefined);
  const places = new Map<string, string>();

  const isFailover = ({ operationId, attempt, provider, requestModel, outcome }: LedgerEntry): boolean => {
    const before = attempt > 1 ? places.get(operationId) : undefined;
    const place = `${provider}/${requestModel}`;
    places.delete(operationId);
    if (outcome !== 'completed') {
      if (places.size >= rememberedAttempts) places.delete(places.keys().next().value as string);
      places.set(operationId, place);
    }
    return before !== undefined && before !== place;
  };
  const observe = (seen: Omit<Happening, 'atMs'>, nowMs: number): void => {
    const happening: Happening = { ...seen, atMs: Date.parse(seen.entry.endedAt) };
    for (const watch of observers) watch.observe?.(happening, nowMs);
  };

  return {
    take(event, nowMs) {
      if (event.kind === 'settled') {
        const failover = isFailover(event.entry);
        observe({ kind: 'settled', entry: event.entry, durationMs: event.durationMs, failover }, nowMs);
        return [];
      }
      if (event.kind === 'refused' || event.kind === 'corrected') {
        observe({ kind: event.kind, entry: event.entry, durationMs: 0, failover: false }, nowMs);
        return [];
      }
      return takers.flatMap((watch) => watch.take?.(event, nowMs) ?? []);
    },
    evaluate: (nowMs, quotas = []) => [...watches.values()].flatMap((watch) => watch.evaluate(nowMs, quotas)),
    remember(entries, sinceMs, nowMs) {
      for (const entry of entries) {
        const kind =
          entry.kind === 'refused' ? 'refused' : entry.kind === 'correction' ? 'corrected' : 'settled';
        const durationMs = Math.max(0, Date.parse(entry.endedAt) - Date.parse(entry.at));
        observe({ kind, entry, durationMs, failover: kind === 'settled' && isFailover(entry) }, nowMs);
      }
      watchedSinceMs = Math.min(watchedSinceMs, sinceMs);
    },
    restore(alerts) {
      for (const alert of alerts) watches.get(alert.ruleId)?.restore(alert);
      return alerts.filter(({ ruleId }) => !watches.has(ruleId));
    },
    longestWindowMs: Math.max(0, ...rules.map(windowMsOf)),
  };
}

function watchOf(rule: AlertRule, startedAtMs: number, watchedSinceMs: () => number): Watch {
  switch (rule.kind) {
    case 'threshold':
      return watchThresholds(rule);
    case 'remaining':
      return watchRemaining(rule);
    case 'silence':
      return watchSilence(rule, startedAtMs);
    case 'outage':
      return watchOutages(rule);
    case 'quota':
      return watchQuotas(rule);
    default:
      return watchCounts(rule, watchedSinceMs);
  }
}

function windowMsOf(rule: AlertRule): number {
  switch (rule.kind) {
    case 'threshold':
    case 'remaining':
    case 'outage':
    case 'quota':
      return 0;
    case 'silence':
      return rule.windowSeconds * 1_000;
    default:
      return Math.max(...windowsOf(rule));
  }
}
