import type { LedgerEntry } from '@genops/core';
import type { AlertChange } from '../alert.ts';
import { dimensionOf, isAbout, labelsOf, noValue } from './dimensions.ts';
import { type CountingRule, sampleOf } from './measure.ts';
import { readCounts, windowsOf } from './reading.ts';
import { createRolling, type Rolling } from './rolling.ts';
import { createEpisodes, type Watch } from './watch.ts';

/** Teams, customers and models are named by callers, so what is remembered of them is bounded. */
const rememberedSeries = 1_000;

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly rolling: Rolling;
}

/** A rule that counts calls in a window, for each value of what it is judged by. */
export function watchCounts(rule: CountingRule, watchedSinceMs: () => number): Watch {
  const series = new Map<string, Series>();
  const episodes = createEpisodes(rule);
  const longestMs = Math.max(...windowsOf(rule));

  const seriesAt = (key: string, labels: () => Readonly<Record<string, string>>): Series => {
    const known = series.get(key);
    if (known !== undefined) {
      if (series.size < rememberedSeries) return known;
      // What is seen often stays; what is seen least recently goes first.
      series.delete(key);
      series.set(key, known);
      return known;
    }
    if (series.size >= rememberedSeries) {
      for (const [other, { labels: others }] of series) {
        if (episodes.isFiring(others)) continue;
        series.delete(other);
        break;
      }
    }
    const made = { labels: labels(), rolling: createRolling(windowsOf(rule)) };
    series.set(key, made);
    return made;
  };
  const seriesOf = (entry: LedgerEntry): Series => {
    let key = '';
    for (const dimension of rule.per ?? []) key += `${dimensionOf(entry, dimension)}\n`;
    return seriesAt(key, () => labelsOf(entry, rule.per));
  };
  if (rule.per === undefined) seriesAt('', () => ({}));

  return {
    observe(happening, nowMs) {
      const { entry, atMs } = happening;
      if (!isAbout(entry, rule.where)) return;
      const sample = sampleOf(rule, happening);
      if (sample === undefined) return;
      seriesOf(entry).rolling.add(sample, atMs, nowMs);
    },
    evaluate(nowMs) {
      const changes: AlertChange[] = [];
      for (const [key, { labels, rolling }] of series) {
        changes.push(...episodes.judge(labels, readCounts(rule, rolling, watchedSinceMs(), nowMs), nowMs));
        const quiet = nowMs - rolling.touchedAtMs > longestMs && !episodes.isFiring(labels);
        if (quiet && rule.per !== undefined) series.delete(key);
      }
      return changes;
    },
    restore(alert) {
      const key = (rule.per ?? []).map((dimension) => `${alert.labels[dimension] ?? noValue}\n`).join('');
      seriesAt(key, () => alert.labels);
      episodes.restore(alert, Date.parse(alert.startedAt));
    },
  };
}
