import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LedgerCorruptError, LedgerUnavailableError } from '../errors.ts';
import { migrate } from './migrate.ts';
import { checkVersion, createTables, readPragma } from './schema.ts';

/** How long a statement waits for another process's lock. */
const busyTimeoutMs = 1000;

/**
 * Opens the ledger's file for writing, and makes it when there is none.
 *
 * @throws {LedgerCorruptError} when there is a file that is not a whole ledger: it is never replaced by an empty one
 * @throws {LedgerUnavailableError} when the disk does not promise what is asked of it
 */
export function openForWriting(path: string): DatabaseSync {
  if (!existsSync(path)) createFile(path);
  const database = open(path, false);
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    assertPragma(database, 'journal_mode', 'wal');
    assertPragma(database, 'synchronous', 2);
    database.exec('PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 2000');
    migrate(database, checkVersion(database, path));
    return database;
  } catch (error) {
    database.close();
    throw unusable(path, error);
  }
}

/** Opens the ledger's file for reading, beside any writer. */
export function openForReading(path: string): DatabaseSync {
  if (!existsSync(path)) throw new LedgerUnavailableError('sqlite', `there is no file ${path}`);
  const database = open(path, true);
  try {
    checkVersion(database, path);
    return database;
  } catch (error) {
    database.close();
    throw unusable(path, error);
  }
}

/** A lock that the kernel lets go of when this process ends, however it ends. */
export interface WriterLock {
  readonly release: () => void;
}

/**
 * One process writes at a time. The lock is a transaction that stays open on a database of its own, so that
 * readers of the ledger are not kept out.
 *
 * @throws {LedgerUnavailableError} when another process, or this one, writes already
 */
export function lockForWriting(path: string): WriterLock {
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    lock = new DatabaseSync(`${path}-lock`, { timeout: 0 });
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock?.close();
    throw new LedgerUnavailableError(
      'sqlite',
      codeOf(cause) === sqliteBusy
        ? `${path} is in use by another writer; one process writes an SQLite ledger, several share Postgres`
        : `${path} cannot be locked: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  return { release: () => lock.close() };
}

/** Under a name of its own until it is complete, so that a file under the right name is always whole. */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}-new`;
  for (const leftover of [draft, `${draft}-journal`]) rmSync(leftover, { force: true });
  const database = new DatabaseSync(draft);
  try {
    database.exec('PRAGMA page_size = 4096');
    createTables(database);
  } finally {
    database.close();
  }
  renameSync(draft, path);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

function open(path: string, readOnly: boolean): DatabaseSync {
  if (statSync(path).size === 0) {
    throw new LedgerCorruptError(
      'sqlite',
      `${path} is empty; restore it from a backup, or remove it to start anew`,
    );
  }
  try {
    return new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs });
  } catch (error) {
    throw unusable(path, error);
  }
}

function assertPragma(database: DatabaseSync, name: string, expected: string | number): void {
  const actual = readPragma(database, name);
  if (actual !== expected) {
    throw new LedgerUnavailableError('sqlite', `${name} is ${String(actual)} where ${expected} is needed`);
  }
}

/** What to throw in place of what SQLite threw. */
function unusable(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (!(error instanceof Error) || code === undefined) return error;
  return code === sqliteCorrupt || code === sqliteNotADatabase
    ? new LedgerCorruptError('sqlite', `${path}: ${error.message}`, { cause: error })
    : new LedgerUnavailableError('sqlite', `${path}: ${error.message}`, { cause: error });
}

/** SQLite's own number of an error, without its extension. */
function codeOf(error: unknown): number | undefined {
  const { code, errcode } = (error ?? {}) as { readonly code?: unknown; readonly errcode?: unknown };
  return code === 'ERR_SQLITE_ERROR' ? Number(errcode) & 0xff : undefined;
}

const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;
