import { type Alert, type AlertChange, alertKey } from '../alert.ts';
import type { AlertRule } from '../rules/schema.ts';
import type { Reading } from './reading.ts';

/** How something that is judged again and again stands. */
export type Episode =
  | { readonly phase: 'idle'; readonly coolUntilMs: number }
  | { readonly phase: 'pending'; readonly sinceMs: number; readonly coolUntilMs: number }
  | { readonly phase: 'firing'; readonly alert: Alert; readonly toldAtMs: number };

/** A rule with `for`, cool-down and repeats. */
export type JudgedRule = Exclude<AlertRule, { kind: 'threshold' }>;

export const idle: Episode = { phase: 'idle', coolUntilMs: Number.NEGATIVE_INFINITY };
const repeatSeconds = 14_400;

/** One step: what was, and what was seen now, give what is, and perhaps something to tell. */
export function step(
  before: Episode,
  reading: Reading,
  rule: JudgedRule,
  labels: Readonly<Record<string, string>>,
  nowMs: number,
): { readonly episode: Episode; readonly change?: AlertChange } {
  if (before.phase === 'firing') return stepFiring(before, reading, rule, nowMs);
  if (reading.result === 'unknown') return { episode: before };
  const { coolUntilMs } = before;
  if (reading.result === 'well' || nowMs < coolUntilMs) return { episode: { phase: 'idle', coolUntilMs } };
  const sinceMs = before.phase === 'pending' ? before.sinceMs : nowMs;
  if (nowMs - sinceMs < rule.forSeconds * 1_000)
    return { episode: { phase: 'pending', sinceMs, coolUntilMs } };
  const alert = alertOf(rule, labels, reading, nowMs);
  return { episode: { phase: 'firing', alert, toldAtMs: nowMs }, change: { alert, rule, change: 'fired' } };
}

function stepFiring(
  before: Extract<Episode, { phase: 'firing' }>,
  reading: Reading,
  rule: JudgedRule,
  nowMs: number,
): { readonly episode: Episode; readonly change?: AlertChange } {
  const { value, expected, summary } = reading;
  if (reading.result === 'well') {
    const endedAt = new Date(nowMs).toISOString();
    const alert: Alert = { ...before.alert, status: 'resolved', value, expected, summary, endedAt };
    const episode: Episode = { phase: 'idle', coolUntilMs: nowMs + rule.coolDownSeconds * 1_000 };
    return { episode, change: { alert, rule, change: 'resolved' } };
  }
  const repeatMs = (rule.repeatSeconds ?? repeatSeconds) * 1_000;
  if (reading.result === 'unknown' || nowMs - before.toldAtMs < repeatMs) return { episode: before };
  const alert: Alert = { ...before.alert, value, expected, summary };
  return {
    episode: { phase: 'firing', alert, toldAtMs: nowMs },
    change: { alert, rule, change: 'repeated' },
  };
}

function alertOf(
  rule: JudgedRule,
  labels: Readonly<Record<string, string>>,
  { value, expected, unit, summary }: Reading,
  nowMs: number,
): Alert {
  const key = alertKey(rule.id, labels);
  const startedAt = new Date(nowMs).toISOString();
  return {
    key,
    id: `${key}@${startedAt}`,
    ruleId: rule.id,
    kind: rule.kind,
    severity: rule.severity,
    status: 'firing',
    summary,
    ...(rule.description !== undefined && { description: rule.description }),
    value,
    expected,
    unit,
    labels,
    startedAt,
  };
}
