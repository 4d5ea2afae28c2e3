import type { AlertChange } from '../alert.ts';
import { isAbout, labelsOf } from './dimensions.ts';
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

  const seriesOf = (labels: Readonly<Record<string, string>>): Series => {
    const key = rule.per === undefined ? '' : JSON.stringify(Object.values(labels));
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
    const made = { labels, rolling: createRolling(windowsOf(rule)) };
    series.set(key, made);
    return made;
  };
  if (rule.per === undefined) seriesOf({});

  return {
    observe(happening, nowMs) {
      const { entry } = happening;
      if (!isAbout(entry, rule.where)) return;
      const sample = sampleOf(rule, happening);
      if (sample === undefined) return;
      const atMs = Date.parse(entry.endedAt);
      seriesOf(labelsOf(entry, rule.per)).rolling.add(sample, atMs, nowMs);
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
      seriesOf(alert.labels);
      episodes.restore(alert, Date.parse(alert.startedAt));
    },
  };
}
