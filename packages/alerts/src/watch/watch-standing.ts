import { Decimal, type GovernorEvent, type LimitState } from '@genops/core';
import { type AlertChange, alertKey } from '../alert.ts';
import { patternTest } from '../rules/pattern.ts';
import type { AlertRule } from '../rules/schema.ts';
import { isAbout } from './dimensions.ts';
import { type Reading, spanText } from './reading.ts';
import { createEpisodes, type QuotaForecast, type Watch } from './watch.ts';

type RuleOf<Kind extends AlertRule['kind']> = Extract<AlertRule, { kind: Kind }>;

/** What limits, places and keys are there is bounded by configuration, except for limits per customer. */
const remembered = 10_000;

/** Less than so much is left of a limit. */
export function watchRemaining(rule: RuleOf<'remaining'>): Watch {
  const isFor = patternTest(rule.limits);
  const episodes = createEpisodes(rule);
  const states = new Map<string, LimitState>();
  const labelsOf = ({ limitId, bucket }: LimitState): Record<string, string> => ({
    limit: limitId,
    ...(bucket !== '' && { bucket }),
  });
  return {
    observe({ entry }) {
      for (const state of entry.decision.limits) {
        if (!isFor(state.limitId)) continue;
        const key = `${state.limitId}\n${state.bucket}`;
        states.delete(key);
        if (states.size >= remembered) states.delete(states.keys().next().value as string);
        states.set(key, state);
      }
    },
    evaluate(nowMs) {
      const changes: AlertChange[] = [];
      for (const [key, state] of states) {
        const renewed = state.resetsAt !== undefined && Date.parse(state.resetsAt) <= nowMs;
        const left = renewed ? state.amount : state.available;
        const unit = state.unit === 'money' ? (state.currency ?? 'USD') : state.unit;
        changes.push(
          ...episodes.judge(
            labelsOf(state),
            {
              result: new Decimal(left).lt(rule.below) ? 'holds' : 'well',
              value: left,
              expected: rule.below,
              unit,
              summary: `${left} of ${state.amount} ${unit} are left of limit "${state.limitId}"; the alert is below ${rule.below}`,
            },
            nowMs,
          ),
        );
        if (renewed) states.delete(key);
      }
      return changes;
    },
    restore: (alert) => episodes.restore(alert, Date.parse(alert.startedAt)),
  };
}

/** A place or a key that gets no traffic. */
export function watchOutages(rule: RuleOf<'outage'>): Watch {
  const episodes = createEpisodes(rule);
  const out = new Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; readonly reading: Reading }
  >();
  const reading = (result: Reading['result'], value: string, summary: string): Reading => ({
    result,
    value,
    expected: 'available',
    unit: 'state',
    summary,
  });
  const note = (labels: Readonly<Record<string, string>>, now: Reading): void => {
    out.set(alertKey(rule.id, labels), { labels, reading: now });
  };
  return {
    take(event: GovernorEvent) {
      if (event.kind === 'breaker' && rule.of.includes(event.of) && rule.states.includes('open')) {
        const labels = { [event.of]: event.id };
        const what = `The breaker of ${event.of} "${event.id}"`;
        if (event.state === 'closed') note(labels, reading('well', 'closed', `${what} is closed again`));
        else note(labels, reading('holds', 'open', `${what} is open: it failed too often`));
      }
      if (event.kind === 'key' && rule.of.includes('key')) {
        const labels = { key: event.keyId, provider: event.provider };
        const bad = rule.states.some((state) => state === event.toState);
        const summary = `Key "${event.keyId}" of ${event.provider} is ${event.toState} (${event.trigger})`;
        note(labels, reading(bad ? 'holds' : 'well', event.toState, summary));
      }
      return [];
    },
    evaluate(nowMs) {
      const changes: AlertChange[] = [];
      for (const [key, { labels, reading: now }] of out) {
        changes.push(...episodes.judge(labels, now, nowMs));
        if (now.result === 'well') out.delete(key);
      }
      return changes;
    },
    restore(alert) {
      episodes.restore(alert, Date.parse(alert.startedAt));
      // Breakers and keys begin anew with the process; what still fails will say so again.
      note(alert.labels, reading('well', 'unknown', 'The process began anew, and traffic goes there again'));
    },
  };
}

/** A key's quota that will be used up before it is renewed. */
export function watchQuotas(rule: RuleOf<'quota'>): Watch {
  const episodes = createEpisodes(rule);
  return {
    evaluate(nowMs, quotas) {
      const changes = quotas.flatMap((quota) => {
        const { keyId, provider, prediction } = quota;
        const labels = { key: keyId, ...(provider !== undefined && { provider }) };
        return episodes.judge(labels, readQuota(rule, quota, prediction), nowMs);
      });
      const known = new Set(quotas.map(({ keyId }) => keyId));
      for (const { labels } of episodes.firing()) {
        const keyId = labels['key'] ?? '';
        if (!known.has(keyId))
          changes.push(...episodes.judge(labels, readQuota(rule, { keyId }, undefined), nowMs));
      }
      return changes;
    },
    restore: (alert) => episodes.restore(alert, Date.parse(alert.startedAt)),
  };
}

function readQuota(
  rule: RuleOf<'quota'>,
  { keyId, state }: QuotaForecast,
  prediction: QuotaForecast['prediction'],
): Reading {
  const expected = `${rule.withinHours} h`;
  if (state === 'exhausted') {
    return {
      result: 'holds',
      value: '0',
      expected,
      unit: 'h',
      summary: `The quota of key "${keyId}" is used up`,
    };
  }
  if (prediction === undefined || prediction.confidence < rule.confidence) {
    return {
      result: 'well',
      value: '',
      expected,
      unit: 'h',
      summary: `The quota of key "${keyId}" will last`,
    };
  }
  const hours = prediction.hours.toFixed(1);
  return {
    result: prediction.hours < rule.withinHours ? 'holds' : 'well',
    value: hours,
    expected,
    unit: 'h',
    summary: `The ${prediction.unit} quota of key "${keyId}" will be used up in ${hours} hours if things go on like this`,
  };
}

/** No call for a while. Time before this process began does not count: nobody could call it then. */
export function watchSilence(rule: RuleOf<'silence'>, startedAtMs: number): Watch {
  const episodes = createEpisodes(rule);
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    observe({ entry, atMs }, nowMs) {
      if (isAbout(entry, rule.where)) lastMs = Math.max(lastMs, Math.min(nowMs, atMs));
    },
    evaluate(nowMs) {
      const quietMs = nowMs - Math.max(lastMs, startedAtMs);
      const value = String(Math.max(0, Math.floor(quietMs / 1_000)));
      const isQuiet = quietMs >= rule.windowSeconds * 1_000;
      const summary = isQuiet ? `No call for ${spanText(rule.windowSeconds)}` : `Calls are made again`;
      // Nothing was said since the start: that is neither traffic nor silence yet.
      const heard = lastMs > Number.NEGATIVE_INFINITY;
      const result = isQuiet ? 'holds' : heard ? 'well' : 'unknown';
      return episodes.judge(
        {},
        { result, value, expected: String(rule.windowSeconds), unit: 's', summary },
        nowMs,
      );
    },
    restore: (alert) => episodes.restore(alert, Date.parse(alert.startedAt)),
  };
}
