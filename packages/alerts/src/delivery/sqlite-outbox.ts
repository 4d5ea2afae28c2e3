import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '@genops/core';
import type { Alert } from '../alert.ts';
import { type AlertMessage, alertsPerMessage } from './message.ts';
import { type Delivery, type Outbox, type OutboxBounds, usualBounds } from './outbox.ts';

export interface SqliteOutboxOptions extends OutboxBounds {
  /** Of the file; made when there is none. */
  readonly path: string;
  /**
   * `deliver` is for the one process that sends; `operate` looks, and sends again what was given up, beside it.
   *
   * @default 'deliver'
   */
  readonly use?: 'deliver' | 'operate';
}

const version = 1;
const tables = `
  CREATE TABLE notice (seq INTEGER PRIMARY KEY, channel TEXT NOT NULL, lane TEXT NOT NULL, due_ms INTEGER NOT NULL, alert TEXT NOT NULL) STRICT;
  CREATE INDEX notice_lane ON notice (channel, lane, seq);
  CREATE TABLE delivery (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, lane TEXT NOT NULL, message TEXT NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, next_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, last_error TEXT
  ) STRICT;
  CREATE INDEX delivery_lane ON delivery (state, channel, lane, seq);
  CREATE TABLE firing (key TEXT PRIMARY KEY, lane TEXT NOT NULL, alert TEXT NOT NULL) STRICT;
  CREATE INDEX firing_lane ON firing (lane);
  CREATE TABLE seen (id TEXT PRIMARY KEY, forget_ms INTEGER NOT NULL) STRICT;
  CREATE INDEX seen_forget ON seen (forget_ms);
`;

/**
 * Opens an outbox in an SQLite file: what it has taken is on disk, and is delivered by the next process if
 * this one does not live to do it.
 *
 * @throws {ConfigurationError} when another process delivers from it, there is none to operate on, or the
 *   file is something else
 */
export function openSqliteOutbox(options: SqliteOutboxOptions): Outbox {
  const { path, use = 'deliver', capacity, maxDead } = { ...usualBounds, ...options };
  if (use === 'operate' && !existsSync(path)) throw new ConfigurationError(path, 'there is no outbox');
  mkdirSync(dirname(path), { recursive: true });
  const lock = use === 'deliver' ? lockOf(path) : undefined;
  let database: DatabaseSync;
  try {
    database = openDatabase(path);
  } catch (error) {
    lock?.close();
    throw error;
  }
  const sql = prepare(database);
  const whole = <Result>(action: () => Result): Result => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = action();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  };
  const countOf = (): { waiting: number; pending: number; dead: number } =>
    sql.counts.get() as { waiting: number; pending: number; dead: number };

  return {
    durable: true,
    add: (notices, alerts, nowMs) =>
      whole(() => {
        sql.forget.run(nowMs);
        const { waiting, pending } = countOf();
        let room = capacity - waiting - pending;
        let [added, duplicates, dropped] = [0, 0, 0];
        for (const { id, channel, group, alert, dueMs, forgetMs } of notices) {
          if (sql.hasSeen.get(id) !== undefined) duplicates += 1;
          else if (room <= 0) dropped += 1;
          else {
            sql.see.run(id, Math.min(forgetMs, Number.MAX_SAFE_INTEGER));
            sql.addNotice.run(channel, group, Math.ceil(dueMs), JSON.stringify(alert));
            added += 1;
            room -= 1;
          }
        }
        for (const { alert, group } of alerts) {
          if (alert.status === 'firing') sql.fire.run(alert.key, group, JSON.stringify(alert));
          else sql.unfire.run(alert.key);
        }
        return { added, duplicates, dropped };
      }),
    form(nowMs, make) {
      const ready = sql.ready.all(clamp(nowMs)) as unknown as { channel: string; lane: string }[];
      if (ready.length === 0) return;
      whole(() => {
        for (const { channel, lane } of ready) {
          const rows = sql.notices.all(channel, lane, alertsPerMessage) as unknown as NoticeRow[];
          const lasting = sql.lasting.get(lane) !== undefined;
          const alerts = rows.map(({ alert }) => JSON.parse(alert) as Alert);
          const message = make(lane, alerts, lasting);
          const atMs = Date.parse(message.at);
          sql.addDelivery.run(message.id, channel, lane, JSON.stringify(message), atMs, atMs);
          sql.dropNotices.run(channel, lane, (rows.at(-1) as NoticeRow).seq);
        }
      });
    },
    due: (nowMs, limit) => (sql.due.all(clamp(nowMs), limit) as unknown as DeliveryRow[]).map(deliveryOf),
    done: (id) => void sql.done.run(id),
    retry: (id, nextMs, error) => void sql.change.run('pending', Math.ceil(nextMs), error, id),
    bury: (id, error) =>
      whole(() => {
        sql.change.run('dead', 0, error, id);
        sql.prune.run(maxDead);
      }),
    dead: () => (sql.dead.all() as unknown as DeliveryRow[]).map(deliveryOf),
    resend: (id, nowMs) => sql.resend.run(nowMs, id).changes > 0,
    firing: () =>
      (sql.firing.all() as { lane: string; alert: string }[]).map(({ lane, alert }) => ({
        group: lane,
        alert: JSON.parse(alert) as Alert,
      })),
    counts: countOf,
    close() {
      if (database.isOpen) database.close();
      if (lock?.isOpen === true) lock.close();
    },
  };
}

interface NoticeRow {
  readonly seq: number;
  readonly alert: string;
}

interface DeliveryRow {
  readonly channel: string;
  readonly message: string;
  readonly state: 'pending' | 'dead';
  readonly attempts: number;
  readonly next_ms: number;
  readonly created_ms: number;
  readonly last_error: string | null;
}

function deliveryOf(row: DeliveryRow): Delivery {
  return {
    channel: row.channel,
    message: JSON.parse(row.message) as AlertMessage,
    state: row.state,
    attempts: row.attempts,
    nextMs: row.next_ms,
    createdMs: row.created_ms,
    ...(row.last_error !== null && { lastError: row.last_error }),
  };
}

function prepare(database: DatabaseSync) {
  const statement = (text: string) => database.prepare(text);
  return {
    forget: statement('DELETE FROM seen WHERE forget_ms <= ?'),
    hasSeen: statement('SELECT 1 FROM seen WHERE id = ?'),
    see: statement('INSERT INTO seen (id, forget_ms) VALUES (?, ?)'),
    addNotice: statement('INSERT INTO notice (channel, lane, due_ms, alert) VALUES (?, ?, ?, ?)'),
    fire: statement('INSERT OR REPLACE INTO firing (key, lane, alert) VALUES (?, ?, ?)'),
    unfire: statement('DELETE FROM firing WHERE key = ?'),
    firing: statement('SELECT lane, alert FROM firing ORDER BY key'),
    lasting: statement('SELECT 1 FROM firing WHERE lane = ? LIMIT 1'),
    ready: statement(`
      SELECT channel, lane FROM notice
      WHERE NOT EXISTS (
        SELECT 1 FROM delivery
        WHERE state = 'pending' AND delivery.channel = notice.channel AND delivery.lane = notice.lane
      )
      GROUP BY channel, lane HAVING MIN(due_ms) <= ? ORDER BY MIN(seq)`),
    notices: statement('SELECT seq, alert FROM notice WHERE channel = ? AND lane = ? ORDER BY seq LIMIT ?'),
    dropNotices: statement('DELETE FROM notice WHERE channel = ? AND lane = ? AND seq <= ?'),
    addDelivery: statement(`
      INSERT INTO delivery (id, channel, lane, message, state, attempts, next_ms, created_ms)
      VALUES (?, ?, ?, ?, 'pending', 0, ?, ?)`),
    due: statement(`
      SELECT * FROM delivery WHERE state = 'pending' AND next_ms <= ? AND NOT EXISTS (
        SELECT 1 FROM delivery AS earlier
        WHERE earlier.state = 'pending' AND earlier.channel = delivery.channel AND earlier.lane = delivery.lane
          AND earlier.seq < delivery.seq
      ) ORDER BY next_ms, seq LIMIT ?`),
    done: statement('DELETE FROM delivery WHERE id = ?'),
    change: statement(
      'UPDATE delivery SET state = ?, next_ms = ?, last_error = ?, attempts = attempts + 1 WHERE id = ?',
    ),
    dead: statement("SELECT * FROM delivery WHERE state = 'dead' ORDER BY seq"),
    prune: statement(`
      DELETE FROM delivery WHERE seq IN (
        SELECT seq FROM delivery WHERE state = 'dead' ORDER BY seq DESC LIMIT -1 OFFSET ?)`),
    resend: statement(
      "UPDATE delivery SET state = 'pending', attempts = 0, next_ms = ? WHERE id = ? AND state = 'dead'",
    ),
    counts: statement(`
      SELECT (SELECT COUNT(*) FROM notice) AS waiting,
        (SELECT COUNT(*) FROM delivery WHERE state = 'pending') AS pending,
        (SELECT COUNT(*) FROM delivery WHERE state = 'dead') AS dead`),
  };
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 1_000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    const found = Number(
      (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version,
    );
    if (found === 0) database.exec(`BEGIN IMMEDIATE; ${tables} PRAGMA user_version = ${version}; COMMIT`);
    else if (found !== version)
      throw new ConfigurationError(path, `expected an outbox of version ${version}, got ${found}`);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof ConfigurationError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(path, `expected an outbox in an SQLite file: ${why}`, { cause });
  }
}

/** A transaction that stays open on a file beside it: the system ends it with the process, however that ends. */
function lockOf(path: string): DatabaseSync {
  const lock = new DatabaseSync(`${path}-lock`, { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    throw new ConfigurationError(path, 'another process delivers from this outbox', { cause });
  }
}

function clamp(ms: number): number {
  return Math.min(Math.floor(ms), Number.MAX_SAFE_INTEGER);
}
