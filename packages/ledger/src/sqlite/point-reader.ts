import type { DatabaseSync } from 'node:sqlite';
import type { LedgerEntry } from '@genops/core';
import { type Account, emptyAccount, type Row } from '../account.ts';
import { newestRows } from '../book/forget.ts';
import type { StoredHold } from '../book/hold.ts';
import type { RecordedEntry } from '../book/journal.ts';
import {
  createDefinitions,
  type Definitions,
  type EntryRecord,
  entryFromRecord,
  type HoldRecord,
  holdFromRecord,
} from '../stored/records.ts';
import { fromLines } from './batch.ts';
import { join } from './split-amount.ts';

/** Finds single things fast: what a book asks for when it meets them for the first time. */
export interface PointReader {
  readonly definitions: Definitions;
  /** Holds as they were stored together, without those that have ended. */
  readonly holdBatches: () => StoredHoldBatch[];
  readonly account: (key: string) => Account | undefined;
  readonly row: (account: string, start: number) => Row | undefined;
  readonly entry: (id: string) => RecordedEntry | undefined;
  /** In the order of text; empty when there is no entry. */
  readonly greatestEntryId: () => string;
  readonly corrections: (id: string) => LedgerEntry[];
}

export interface StoredHoldBatch {
  readonly number: number;
  readonly holds: readonly StoredHold[];
}

export function createPointReader(database: DatabaseSync): PointReader {
  const definitions = createDefinitions();
  definitions.learn(
    database
      .prepare('SELECT id, definition FROM limit_definitions')
      .all()
      .map(({ id, definition }) => [Number(id), String(definition)] as const),
  );
  const newest = database.prepare('SELECT * FROM counters WHERE account = ? ORDER BY start DESC LIMIT ?');
  const first = database.prepare('SELECT min(start) AS start FROM counters WHERE account = ?');
  const one = database.prepare('SELECT * FROM counters WHERE account = ? AND start = ?');
  const entry = database.prepare('SELECT body, draws FROM entries WHERE id = ?');
  const isEntry = database.prepare('SELECT 1 FROM entries WHERE id = ?');
  const corrections = database.prepare('SELECT body, draws FROM entries WHERE corrects = ? ORDER BY seq');
  const read = (row: Columns): RecordedEntry => entryFromRecord(entryColumns(row), definitions.limitOf);

  return {
    definitions,
    holdBatches: () =>
      database
        .prepare('SELECT number, records FROM hold_batches ORDER BY number')
        .all()
        .map(({ number, records }) => ({
          number: Number(number),
          holds: fromLines(String(records))
            .map(holdRecord)
            .filter(([id]) => isEntry.get(id) === undefined)
            .map((record) => holdFromRecord(record, definitions)),
        })),
    account: (key) => {
      const rows = newest.all(key, newestRows).map(toRow);
      if (rows.length === 0) return undefined;
      const account = emptyAccount(key);
      for (const row of rows) account.rows.set(row.start, row);
      account.since = Number(first.get(key)?.['start']);
      return account;
    },
    row: (account, start) => {
      const row = one.get(account, start);
      return row === undefined ? undefined : toRow(row);
    },
    entry: (id) => {
      const row = entry.get(id);
      return row === undefined ? undefined : read(row);
    },
    greatestEntryId: () => String(database.prepare('SELECT max(id) AS id FROM entries').get()?.['id'] ?? ''),
    corrections: (id) =>
      corrections
        .all(id)
        .map((row) => read(row).entry)
        .filter(({ kind }) => kind === 'correction'),
  };
}

type Columns = Record<string, unknown>;

function holdRecord(fields: readonly string[]): HoldRecord {
  const [id = '', at, expiresAt, expiresInMs, clampSteps, granted, draws = '', entry = ''] = fields;
  return [
    id,
    Number(at),
    Number(expiresAt),
    Number(expiresInMs),
    numberOrNull(clampSteps),
    numberOrNull(granted),
    draws,
    entry,
  ];
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined || text === '' ? null : Number(text);
}

function entryColumns(row: Columns): EntryRecord {
  return [String(row['body']), String(row['draws'])];
}

export function toRow(columns: Columns): Row {
  return {
    account: String(columns['account']),
    start: Number(columns['start']),
    settled: join(columns['settled_whole'], columns['settled_fraction']),
    held: join(columns['held_whole'], columns['held_fraction']),
    told: Number(columns['told']),
  };
}
