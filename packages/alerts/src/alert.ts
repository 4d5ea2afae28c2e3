import type { AlertRule, Severity } from './rules/schema.ts';

/** Something that people are told about: one rule, for one value of what it is judged by. */
export interface Alert {
  /** The same as long as it lasts, and whenever it comes again: `team-spend{team=search}`. */
  readonly key: string;
  /** One for each time that it begins. */
  readonly id: string;
  readonly ruleId: string;
  readonly kind: AlertRule['kind'] | 'occurrence';
  readonly severity: Severity;
  readonly status: 'firing' | 'resolved';
  /** One sentence for people, numbers included. */
  readonly summary: string;
  readonly description?: string;
  /** What was seen, and what it was measured against, as exact decimal text where it is an amount. */
  readonly value: string;
  readonly expected: string;
  readonly unit: string;
  /** What it is about: `team`, `limit`, `keyId` … */
  readonly labels: Readonly<Record<string, string>>;
  /** Instants. */
  readonly startedAt: string;
  readonly endedAt?: string;
  /** When it ends by itself: a limit's window that is over. */
  readonly endsAt?: string;
}

/** An alert that has to be told now. */
export interface AlertChange {
  readonly alert: Alert;
  readonly rule: AlertRule;
  /** `repeated`: it lasts, and was told before. `happened`: it does not last. */
  readonly change: 'fired' | 'repeated' | 'resolved' | 'happened';
}

/** `team-spend{team=search}`, in the order of the names. */
export function alertKey(ruleId: string, labels: Readonly<Record<string, string>>): string {
  const names = Object.keys(labels).sort();
  if (names.length === 0) return ruleId;
  return `${ruleId}{${names.map((name) => `${name}=${JSON.stringify(labels[name])}`).join(',')}}`;
}

const severities: readonly Severity[] = ['info', 'warning', 'critical'];

/** The gravest of several. */
export function gravest(all: readonly Severity[]): Severity {
  return severities[Math.max(0, ...all.map((one) => severities.indexOf(one)))] as Severity;
}
