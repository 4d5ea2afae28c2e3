import type { DatabaseSync } from 'node:sqlite';
import { LedgerCorruptError } from '../errors.ts';
import { columnOf, groupDimensions } from '../stored/dimensions.ts';

/** Counts up with every change of the tables; written into the file. */
export const schemaVersion = 2;

/** Marks the file as a ledger, beside SQLite's own header ("GOpL"). */
export const applicationId = 0x474f704c;

/** Where the chain ends: an end that was cut off shows. */
export const headTable = `
CREATE TABLE head (
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
INSERT INTO head VALUES (0, x'');
`;

/**
 * Money is whole units and a fraction of 10⁻¹² units, both integers, so that no sum of any length leaves 64
 * bits when it is added up in parts. Instants are milliseconds since 1970, UTC.
 *
 * The holds of one commit are one row, because most of them live for a second: a hold has ended when its
 * entry is there, and a row goes when all its holds have ended.
 *
 * Entries that were taken out leave the hash at which the chain goes on, and what they had counted.
 */
const tables = `
CREATE TABLE limit_definitions (
  id INTEGER PRIMARY KEY,
  definition TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE counters (
  account TEXT NOT NULL,
  start INTEGER NOT NULL,
  settled_whole INTEGER NOT NULL,
  settled_fraction INTEGER NOT NULL,
  held_whole INTEGER NOT NULL,
  held_fraction INTEGER NOT NULL,
  told INTEGER NOT NULL,
  PRIMARY KEY (account, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE hold_batches (
  number INTEGER PRIMARY KEY,
  records TEXT NOT NULL
) STRICT;

CREATE TABLE groups (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  ${groupDimensions.map((dimension) => `${columnOf(dimension)} TEXT`).join(',\n  ')}
) STRICT;

CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  operation_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  group_id INTEGER NOT NULL REFERENCES groups (id),
  session_id TEXT,
  corrects TEXT,
  currency TEXT NOT NULL,
  cost_whole INTEGER,
  cost_fraction INTEGER,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  body TEXT NOT NULL,
  draws TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX entries_at ON entries (at, group_id);
CREATE INDEX entries_operation ON entries (operation_id);
CREATE INDEX entries_session ON entries (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX entries_corrects ON entries (corrects) WHERE corrects IS NOT NULL;

${headTable}

CREATE TABLE rollups (
  grain INTEGER NOT NULL,
  start INTEGER NOT NULL,
  group_id INTEGER NOT NULL REFERENCES groups (id),
  currency TEXT NOT NULL,
  entries INTEGER NOT NULL,
  cost_whole INTEGER NOT NULL,
  cost_fraction INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  PRIMARY KEY (grain, start, group_id, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE rolled_up (
  until_seq INTEGER NOT NULL
) STRICT;
INSERT INTO rolled_up VALUES (0);

CREATE TABLE retired (
  from_seq INTEGER PRIMARY KEY,
  until_seq INTEGER NOT NULL,
  last_hash BLOB NOT NULL
) STRICT;

CREATE TABLE retired_counters (
  account TEXT NOT NULL,
  start INTEGER NOT NULL,
  settled_whole INTEGER NOT NULL,
  settled_fraction INTEGER NOT NULL,
  PRIMARY KEY (account, start)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
BEGIN
  SELECT RAISE(ABORT, 'ledger entries are never changed');
END;
CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
WHEN NOT EXISTS (SELECT 1 FROM retired WHERE OLD.seq BETWEEN from_seq AND until_seq)
BEGIN
  SELECT RAISE(ABORT, 'ledger entries are never deleted before they are retired');
END;
`;

/** Creates the tables of the current version, in one transaction. */
export function createTables(database: DatabaseSync): void {
  database.exec(`
    BEGIN IMMEDIATE;
    ${tables}
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${schemaVersion};
    COMMIT;
  `);
}

/**
 * @throws {LedgerCorruptError} when the file is not a ledger, or one that only a newer version understands
 */
export function checkVersion(database: DatabaseSync, path: string): number {
  const id = readPragma(database, 'application_id');
  const version = Number(readPragma(database, 'user_version'));
  if (id !== applicationId) {
    throw new LedgerCorruptError('sqlite', `${path} is an SQLite database, but not a ledger`);
  }
  if (version < 1) {
    throw new LedgerCorruptError('sqlite', `${path} is damaged: it has schema version ${version}`);
  }
  if (version > schemaVersion) {
    throw new LedgerCorruptError(
      'sqlite',
      `${path} has schema version ${version}; this program knows ${schemaVersion}. Upgrade @genops/ledger`,
    );
  }
  return version;
}

export function readPragma(database: DatabaseSync, name: string): unknown {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}
