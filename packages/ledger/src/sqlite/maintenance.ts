import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '@genops/core';
import { entryDrawsFromJson } from '../stored/records.ts';
import { createCounterCheck, isOfRate } from '../verify-counters.ts';
import { lockForWriting, openForReading, openForWriting } from './open-database.ts';
import { createPointReader, toRow } from './point-reader.ts';
import { join, split } from './split-amount.ts';
import { openWriter } from './writer.ts';

/**
 * Copies the ledger as it is at one moment into a new file, also while another process writes to it.
 *
 * @throws {ConfigurationError} when there is something at `to` already
 * @throws {LedgerUnavailableError} when there is no ledger at `path`
 */
export async function backupSqliteLedger(options: {
  readonly path: string;
  readonly to: string;
}): Promise<void> {
  const { path, to } = options;
  if (existsSync(to))
    throw new ConfigurationError('to', `expected a file that is not there yet, got "${to}"`);
  const database = openForReading(path);
  try {
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
}

/**
 * Counts every counter and every sum again from the entries and the holds, for when `verify` finds that they
 * differ. Entries are left as they are. Rates begin where they were.
 *
 * @returns how many counters were different
 * @throws {LedgerUnavailableError} while another process writes to it
 */
export async function rebuildSqliteLedger({
  path,
}: {
  readonly path: string;
}): Promise<{ readonly corrected: number }> {
  const lock = lockForWriting(path);
  try {
    const database = openForWriting(path);
    try {
      database.exec('BEGIN IMMEDIATE');
      const corrected = rebuildCounters(database);
      forgetRollups(database);
      database.exec('COMMIT');
      return { corrected };
    } finally {
      database.close();
    }
  } finally {
    // Opening the writer sums up again what was forgotten.
    openWriter(path).close();
    lock.release();
  }
}

function rebuildCounters(database: DatabaseSync): number {
  const { definitions, holdBatches } = createPointReader(database);
  const counters = createCounterCheck();
  for (const { draws } of database.prepare('SELECT draws FROM entries').iterate()) {
    counters.addEntry(entryDrawsFromJson(String(draws), definitions.limitOf));
  }
  for (const { holds } of holdBatches()) for (const hold of holds) counters.addHold(hold.draws);
  for (const row of database.prepare('SELECT * FROM retired_counters').iterate()) {
    const settled = join(row['settled_whole'], row['settled_fraction']);
    counters.addRetired(String(row['account']), Number(row['start']), settled);
  }
  const expected = counters.expected();
  const stored = database.prepare('SELECT * FROM counters').all().map(toRow);
  const told = new Map(stored.map((row) => [`${row.account}@${row.start}`, row.told]));
  const corrected = counters.compare(stored).length;
  const remove = database.prepare('DELETE FROM counters WHERE account = ? AND start = ?');
  for (const { account, start } of stored) if (!isOfRate(account)) remove.run(account, start);
  const insert = database.prepare('INSERT INTO counters VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (const { account, start, settled, held } of expected) {
    insert.run(account, start, ...split(settled), ...split(held), told.get(`${account}@${start}`) ?? 0);
  }
  return corrected;
}

/** Where entries were taken out, their sums are all that is left of them, and stay. */
function forgetRollups(database: DatabaseSync): void {
  if (database.prepare('SELECT 1 FROM retired LIMIT 1').get() !== undefined) return;
  database.exec('DELETE FROM rollups; UPDATE rolled_up SET until_seq = 0');
}
