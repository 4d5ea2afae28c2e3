import { randomUUID } from 'node:crypto';
import {
  ConfigurationError,
  type GovernorEvent,
  type GovernorListener,
  type LedgerEntry,
} from '@genops/core';
import type { Alert, AlertChange } from './alert.ts';
import type { Channel } from './channels/channel.ts';
import { createDispatcher, type DeliveryOptions, type DispatcherStats } from './delivery/dispatcher.ts';
import { createMemoryOutbox } from './delivery/memory-outbox.ts';
import { formMessage } from './delivery/message.ts';
import { noticesOf } from './delivery/notices.ts';
import type { Delivery, Outbox, OutboxCounts } from './delivery/outbox.ts';
import { type AlertRule, type AlertRuleInput, defineAlertRules } from './rules/schema.ts';
import type { QuotaForecast } from './watch/watch.ts';
import { createWatcher } from './watch/watcher.ts';

export interface AlertsOptions {
  readonly rules: readonly AlertRuleInput[];
  readonly channels: readonly Channel[];
  /** Where messages wait. @default in memory, gone with the process; a durable one is in `@genops/alerts/sqlite` */
  readonly outbox?: Outbox;
  readonly delivery?: DeliveryOptions;
  /** Who says it, in every message. @default 'genops' */
  readonly source?: string;
  /** For rules of kind `quota`: what is known of keys’ quotas now. @default nothing */
  readonly quotas?: () => readonly QuotaForecast[];
  /** How often rules are judged. @default 5_000 */
  readonly evaluateEveryMs?: number;
  /** How often the outbox is looked at. @default 1_000 */
  readonly tickMs?: number;
  /** Events that may wait to be counted; more are dropped and counted. @default 100_000 */
  readonly maxWaitingEvents?: number;
  /** Takes what went wrong for good: messages given up, dropped, an outbox that fails. @default a process warning */
  readonly onError?: (error: unknown) => void;
  readonly nowMs?: () => number;
  readonly random?: () => number;
}

/** Tells people what happens to calls. Losing it changes no call and no account. */
export interface Alerts {
  /** For `governor.on`. Takes an event and returns; everything else happens later. */
  readonly listener: GovernorListener;
  readonly rules: readonly AlertRule[];
  /** How far back rules look, in milliseconds: what {@link Alerts.remember} should be given. */
  readonly longestWindowMs: number;
  /** Counts what was recorded before this process began. @param sinceMs - from when on the entries are complete */
  remember(entries: Iterable<LedgerEntry>, sinceMs: number): void;
  /** Tells something that no rule says, once for each id, and delivers it as any alert. */
  tell(occurrence: Occurrence): void;
  /** Counts what waits, judges, and starts what may be sent: what happens by itself every now and then. */
  tick(): void;
  /**
   * Sends one test message, past the outbox.
   *
   * @throws {DeliveryError} when it does not arrive
   * @throws {ConfigurationError} when there is no such channel
   */
  test(channelId: string): Promise<void>;
  /** Messages that were given up, the oldest first. */
  deadLetters(): readonly Delivery[];
  /** @returns whether a message with that id was given up, and is tried again now */
  resend(id: string): boolean;
  stats(): AlertsStats;
  /** Takes no more events, sends what waits, and closes the outbox. @param graceMs - @default 5_000 */
  close(graceMs?: number): Promise<void>;
}

/** Something to be told that an application, or another package, found itself. */
export interface Occurrence {
  /** Told once. */
  readonly id: string;
  /** What it is: takes the place of a rule’s id. */
  readonly name: string;
  readonly severity?: Alert['severity'];
  readonly summary: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** @default every channel */
  readonly channels?: readonly string[];
}

export interface AlertsStats extends DispatcherStats, OutboxCounts {
  /** Events that wait to be counted. */
  readonly waitingEvents: number;
  /** Events that there was no room for: counts of rules are too low by them. */
  readonly droppedEvents: number;
  /** Notices that there was no room for in the outbox. */
  readonly droppedNotices: number;
  /** Notices that were there already. */
  readonly duplicates: number;
}

/** Of events in one go, so that a flood of them does not hold up calls. */
const eventsPerTurn = 2_000;

/**
 * Makes alerts: `governor.on(alerts.listener)`.
 *
 * @throws {ConfigurationError} when a rule is not well-formed, names no channel, or two have one id
 */
export function createAlerts(options: AlertsOptions): Alerts {
  const rules = defineAlertRules(options.rules);
  checkChannels(rules, options.channels);
  const nowMs = options.nowMs ?? Date.now;
  const onError = guardedError(options.onError ?? warn);
  const outbox = options.outbox ?? memoryOutbox();
  const watcher = createWatcher(rules, nowMs());
  const {
    source = 'genops',
    quotas = () => [],
    evaluateEveryMs = 5_000,
    maxWaitingEvents = 100_000,
  } = options;
  const dispatcher = createDispatcher({
    ...options.delivery,
    outbox,
    channels: options.channels,
    makeMessage: (group, alerts, lasting) =>
      formMessage({ id: `msg_${randomUUID()}`, group, source, nowMs: nowMs() }, alerts, lasting),
    nowMs,
    random: options.random ?? Math.random,
    onError,
  });
  const before = outbox.firing();
  const orphans = new Set(watcher.restore(before.map(({ alert }) => alert)));
  const over = before
    .filter(({ alert }) => orphans.has(alert))
    .map(({ group, alert }) => ({ group, alert: { ...alert, status: 'resolved' as const } }));
  if (over.length > 0) outbox.add([], over, nowMs());

  let waiting: GovernorEvent[] = [];
  let turn: NodeJS.Immediate | undefined;
  let evaluatedAtMs = nowMs();
  let closed = false;
  const dropped = { events: 0, notices: 0, duplicates: 0 };

  /** Into the outbox, all of it or nothing; what it does not take is said, not thrown. */
  const record = (changes: readonly AlertChange[]): void => {
    if (changes.length === 0) return;
    try {
      const { notices, firing } = noticesOf(changes, options.channels, nowMs());
      const taken = outbox.add(notices, firing, nowMs());
      dropped.duplicates += taken.duplicates;
      dropped.notices += taken.dropped;
      if (taken.dropped > 0) onError(new Error(`The outbox is full: ${taken.dropped} notices were dropped`));
    } catch (error) {
      dropped.notices += changes.length;
      onError(error);
    }
  };
  const count = (events: readonly GovernorEvent[]): void => {
    const now = nowMs();
    record(
      events.flatMap((event) => {
        try {
          return watcher.take(event, now);
        } catch (error) {
          onError(error);
          return [];
        }
      }),
    );
  };
  const takeTurn = (): void => {
    turn = undefined;
    const now = waiting.slice(0, eventsPerTurn);
    waiting = waiting.slice(eventsPerTurn);
    count(now);
    if (waiting.length > 0 && !closed) turn = setImmediate(takeTurn);
    else dispatcher.pump();
  };
  const countAll = (): void => {
    const all = waiting;
    waiting = [];
    count(all);
  };
  const evaluate = (): void => {
    evaluatedAtMs = nowMs();
    try {
      record(watcher.evaluate(evaluatedAtMs, quotas()));
    } catch (error) {
      onError(error);
    }
  };
  const timer = setInterval(() => {
    if (nowMs() - evaluatedAtMs >= evaluateEveryMs) evaluate();
    dispatcher.pump();
  }, options.tickMs ?? 1_000);
  timer.unref();
  dispatcher.pump();

  return {
    listener(event) {
      if (closed || waiting.length >= maxWaitingEvents) {
        dropped.events += 1;
        return;
      }
      waiting.push(event);
      turn ??= setImmediate(takeTurn);
    },
    rules,
    longestWindowMs: watcher.longestWindowMs,
    remember: (entries, sinceMs) => watcher.remember(entries, sinceMs, nowMs()),
    tell(occurrence) {
      record([changeOf(occurrence, nowMs())]);
      dispatcher.pump();
    },
    tick() {
      countAll();
      evaluate();
      dispatcher.pump();
    },
    async test(channelId) {
      const channel = options.channels.find(({ id }) => id === channelId);
      if (channel === undefined)
        throw new ConfigurationError('channel', `no channel is called "${channelId}"`);
      const { alert } = changeOf(
        {
          id: `test-${randomUUID()}`,
          name: 'test',
          severity: 'info',
          summary: 'This is a test: nothing is wrong',
        },
        nowMs(),
      );
      const message = formMessage(
        { id: `msg_${randomUUID()}`, group: 'test', source, nowMs: nowMs() },
        [{ ...alert, status: 'firing' }],
        false,
      );
      await channel.send(message, {
        signal: AbortSignal.timeout(options.delivery?.timeoutMs ?? 10_000),
        at: new Date(nowMs()),
      });
    },
    deadLetters: () => outbox.dead(),
    resend(id) {
      const found = outbox.resend(id, nowMs());
      dispatcher.pump();
      return found;
    },
    stats: () => ({
      ...dispatcher.stats,
      ...outbox.counts(),
      waitingEvents: waiting.length,
      droppedEvents: dropped.events,
      droppedNotices: dropped.notices,
      duplicates: dropped.duplicates,
    }),
    async close(graceMs = 5_000) {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      clearImmediate(turn);
      countAll();
      evaluate();
      await dispatcher.drain(graceMs);
      const { waiting: notices, pending } = outbox.counts();
      if (!outbox.durable && notices + pending > 0)
        onError(new Error(`${notices + pending} alert messages had not arrived when the process ended`));
      outbox.close();
    },
  };
}

function changeOf(occurrence: Occurrence, nowMs: number): AlertChange {
  const { id, name, severity = 'warning', summary, labels = {}, channels } = occurrence;
  const at = new Date(nowMs).toISOString();
  const [rule] = defineAlertRules([
    {
      id: name,
      kind: 'threshold',
      severity,
      ...(channels !== undefined && { channels: [...channels] }),
      groupWaitSeconds: 0,
      sendResolved: false,
    },
  ]) as [AlertRule];
  const alert: Alert = {
    key: `${name}{${id}}`,
    id: `${name}{${id}}`,
    ruleId: name,
    kind: 'occurrence',
    severity,
    // It does not last: nothing has to be told of its end.
    status: 'firing',
    summary,
    value: '',
    expected: '',
    unit: '',
    labels,
    startedAt: at,
  };
  return { alert, rule, change: 'happened' };
}

function checkChannels(rules: readonly AlertRule[], channels: readonly Channel[]): void {
  const ids = channels.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined) throw new ConfigurationError('channels', `"${twice}" is used twice`);
  for (const rule of rules) {
    const unknown = rule.channels?.find((id) => !ids.includes(id));
    if (unknown !== undefined)
      throw new ConfigurationError(`rule "${rule.id}"`, `no channel is called "${unknown}"`);
  }
}

function memoryOutbox(): Outbox {
  process.emitWarning(
    'Alerts wait in memory: what has not arrived is gone when the process ends. Give `outbox` a durable one, ' +
      'such as openSqliteOutbox of @genops/alerts/sqlite.',
    { code: 'GENOPS_MEMORY_OUTBOX' },
  );
  return createMemoryOutbox();
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), { code: 'GENOPS' });
}

function guardedError(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      onError(error);
    } catch {
      // Nobody is left to be told.
    }
  };
}
