import type { GovernorEvent } from '@genops/core';
import { type Alert, type AlertChange, alertKey } from '../alert.ts';
import { type Episode, idle, type JudgedRule, step } from './episode.ts';
import type { Happening } from './measure.ts';
import type { Reading } from './reading.ts';

/** One rule at work. Nothing in it reads a clock. */
export interface Watch {
  /** A call that was settled, refused or corrected. */
  observe?(happening: Happening, nowMs: number): void;
  /** Anything else that a governor says. @returns what has to be told at once */
  take?(event: GovernorEvent, nowMs: number): readonly AlertChange[];
  /** Judges. @returns what has to be told */
  evaluate(nowMs: number, quotas: readonly QuotaForecast[]): readonly AlertChange[];
  /** Takes over an alert that was firing when the process before this one ended. */
  restore(alert: Alert): void;
}

/** What is known of a key’s quota: `router.keys.quotaState(id)`, with the key’s id. */
export interface QuotaForecast {
  readonly keyId: string;
  readonly provider?: string;
  readonly state?: string;
  readonly prediction?: { readonly unit: string; readonly hours: number; readonly confidence: number };
}

/** The episodes of one rule, one for each set of labels. */
export interface Episodes {
  judge(labels: Readonly<Record<string, string>>, reading: Reading, nowMs: number): readonly AlertChange[];
  isFiring(labels: Readonly<Record<string, string>>): boolean;
  firing(): readonly Alert[];
  restore(alert: Alert, toldAtMs: number): void;
}

export function createEpisodes(rule: JudgedRule): Episodes {
  const episodes = new Map<string, Episode>();
  return {
    judge(labels, reading, nowMs) {
      const key = alertKey(rule.id, labels);
      const { episode, change } = step(episodes.get(key) ?? idle, reading, rule, labels, nowMs);
      if (episode.phase === 'idle' && episode.coolUntilMs <= nowMs) episodes.delete(key);
      else episodes.set(key, episode);
      return change === undefined ? [] : [change];
    },
    isFiring: (labels) => episodes.get(alertKey(rule.id, labels))?.phase === 'firing',
    firing: () =>
      [...episodes.values()].flatMap((episode) => (episode.phase === 'firing' ? [episode.alert] : [])),
    restore(alert, toldAtMs) {
      episodes.set(alert.key, { phase: 'firing', alert, toldAtMs });
    },
  };
}
