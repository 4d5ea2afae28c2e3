import { type Alert, gravest } from '../alert.ts';
import type { Severity } from '../rules/schema.ts';
import { plain } from '../text/plain.ts';

/** What is sent: one message for all alerts of a group that changed. */
export interface AlertMessage {
  /** The same on every try, so that a receiver can drop what it has already. */
  readonly id: string;
  /** What the alerts have in common; the same for as long as any of them lasts, and when they come again. */
  readonly group: string;
  /** `resolved` when no alert of the group is left. */
  readonly status: 'firing' | 'resolved';
  /** The gravest of the alerts. */
  readonly severity: Severity;
  /** One line. */
  readonly title: string;
  readonly alerts: readonly Alert[];
  /** When it was put together, an instant. */
  readonly at: string;
  /** Who says so: `genops@production`. */
  readonly source: string;
}

/** The most alerts in one message; more go into the next. */
export const alertsPerMessage = 50;

/**
 * Puts a message together. Names in it come from callers and models, so each is made plain here.
 *
 * @param alerts - as they changed, oldest first; of one that changed twice the last state counts
 * @param lasting - true while other alerts of the group are firing
 */
export function formMessage(
  { id, group, source, nowMs }: { id: string; group: string; source: string; nowMs: number },
  alerts: readonly Alert[],
  lasting: boolean,
): AlertMessage {
  const last = new Map(alerts.map((alert) => [alert.key, plainAlert(alert)]));
  const all = [...last.values()];
  const status = lasting || all.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved';
  const severity = gravest(all.map((alert) => alert.severity));
  const [first] = all;
  const more = all.length > 1 ? ` (and ${all.length - 1} more)` : '';
  const opening = status === 'resolved' ? 'Resolved' : (openings[severity] as string);
  const title = plain(`${opening}: ${first?.ruleId ?? group}${more}`, 150);
  return { id, group, status, severity, title, alerts: all, at: new Date(nowMs).toISOString(), source };
}

const openings = { info: 'For information', warning: 'Warning', critical: 'Critical' } as const;

function plainAlert(alert: Alert): Alert {
  const labels = Object.fromEntries(
    Object.entries(alert.labels).map(([name, value]) => [plain(name, 64), plain(value, 256)]),
  );
  return { ...alert, labels, summary: plain(alert.summary, 500) };
}

/** `team: search, model: gpt-4o`. */
export function labelText({ labels }: Alert): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ');
}

/** An alert as lines of text: what it is, whom it is about, since when. */
export function alertLines(alert: Alert): readonly string[] {
  const about = labelText(alert);
  const time =
    alert.endedAt === undefined ? `since ${alert.startedAt}` : `${alert.startedAt} to ${alert.endedAt}`;
  return [
    `${alert.status === 'resolved' ? 'resolved' : alert.severity} · ${alert.ruleId}`,
    alert.summary,
    ...(about === '' ? [] : [about]),
    time,
    ...(alert.description === undefined ? [] : [alert.description]),
  ];
}
