import type { GovernorEvent, LimitState } from '@genops/core';
import { type Alert, type AlertChange, alertKey } from '../alert.ts';
import { patternTest } from '../rules/pattern.ts';
import type { AlertRule } from '../rules/schema.ts';
import type { Watch } from './watch.ts';

type ThresholdRule = Extract<AlertRule, { kind: 'threshold' }>;

/**
 * Percentages of limits. The ledger says once for each limit, threshold and window when one is crossed, on
 * whichever replica that happens; nothing is counted again here. It is over when the limit's window is.
 */
export function watchThresholds(rule: ThresholdRule): Watch {
  const isFor = patternTest(rule.limits);
  const firing = new Map<string, Alert>();
  return {
    take(event: GovernorEvent, nowMs) {
      if (event.kind !== 'threshold' || !rule.at.includes(event.threshold)) return [];
      if (!isFor(event.limit.limitId)) return [];
      const alert = alertOf(rule, event.limit, event.threshold, nowMs);
      if (firing.get(alert.key)?.id === alert.id) return [];
      if (alert.endsAt !== undefined) firing.set(alert.key, alert);
      return [{ alert, rule, change: alert.endsAt === undefined ? 'happened' : 'fired' }];
    },
    evaluate(nowMs) {
      const changes: AlertChange[] = [];
      for (const [key, alert] of firing) {
        if (Date.parse(alert.endsAt as string) > nowMs) continue;
        firing.delete(key);
        const resolved: Alert = {
          ...alert,
          status: 'resolved',
          endedAt: alert.endsAt as string,
          summary: `The window of limit "${alert.labels['limit']}" is over`,
        };
        changes.push({ alert: resolved, rule, change: 'resolved' });
      }
      return changes;
    },
    restore(alert) {
      firing.set(alert.key, alert);
    },
  };
}

function alertOf(rule: ThresholdRule, limit: LimitState, threshold: number, nowMs: number): Alert {
  const labels = {
    limit: limit.limitId,
    ...(limit.bucket !== '' && { bucket: limit.bucket }),
    threshold: String(threshold),
  };
  const key = alertKey(rule.id, labels);
  const unit = limit.unit === 'money' ? (limit.currency ?? 'USD') : limit.unit;
  const whose = limit.bucket === '' ? '' : ` (${limit.bucket})`;
  const until = limit.resetsAt === undefined ? '' : `; it starts anew at ${limit.resetsAt}`;
  const startedAt = new Date(nowMs).toISOString();
  return {
    key,
    // Without a window's edge there is nothing to tell one crossing from the next but the time.
    id: `${key}@${limit.windowStart ?? startedAt}`,
    ruleId: rule.id,
    kind: rule.kind,
    severity: rule.severity,
    status: 'firing',
    summary: `Limit "${limit.limitId}"${whose} is used to ${threshold} %: ${limit.settled} of ${limit.amount} ${unit}${until}`,
    ...(rule.description !== undefined && { description: rule.description }),
    value: limit.settled,
    expected: limit.amount,
    unit,
    labels,
    startedAt,
    ...(limit.resetsAt !== undefined && { endsAt: limit.resetsAt }),
  };
}
