import type { Alert, AlertChange } from '../alert.ts';
import type { Channel } from '../channels/channel.ts';
import { type AlertRule, longestWindowSeconds, type Severity } from '../rules/schema.ts';
import type { FiringAlert, Notice } from './outbox.ts';

const severities: readonly Severity[] = ['info', 'warning', 'critical'];
/** How long an id is remembered after what it is about is over: longer than any window of a rule. */
const rememberedMs = longestWindowSeconds * 1_000;

/** Who has to be told of what changed, and which alerts are firing now. */
export function noticesOf(
  changes: readonly AlertChange[],
  channels: readonly Channel[],
  nowMs: number,
): { readonly notices: readonly Notice[]; readonly firing: readonly FiringAlert[] } {
  const notices: Notice[] = [];
  const firing: FiringAlert[] = [];
  for (const { alert, rule, change } of changes) {
    const group = groupOf(rule, alert);
    if (change !== 'happened') firing.push({ group, alert });
    if (change === 'resolved' && !rule.sendResolved) continue;
    const ends = alert.endsAt === undefined ? nowMs : Math.max(nowMs, Date.parse(alert.endsAt));
    for (const channel of channels) {
      if (rule.channels !== undefined && !rule.channels.includes(channel.id)) continue;
      if (severities.indexOf(alert.severity) < severities.indexOf(channel.minimumSeverity ?? 'info'))
        continue;
      notices.push({
        id: JSON.stringify([channel.id, alert.id, change, ...(change === 'repeated' ? [nowMs] : [])]),
        channel: channel.id,
        group,
        alert,
        dueMs: nowMs + rule.groupWaitSeconds * 1_000,
        forgetMs: ends + rememberedMs,
      });
    }
  }
  return { notices, firing };
}

/** What alerts have in common that are told together: the rule, and the labels it groups by. */
function groupOf(rule: AlertRule, alert: Alert): string {
  const by = rule.groupBy ?? (rule.kind === 'threshold' ? ['limit', 'bucket'] : []);
  const labels = by.flatMap((name) => {
    const value = alert.labels[name];
    return value === undefined ? [] : [`${name}=${JSON.stringify(value)}`];
  });
  return labels.length === 0 ? rule.id : `${rule.id}{${labels.join(',')}}`;
}
