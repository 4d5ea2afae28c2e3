import type { DatabaseSync } from 'node:sqlite';
import { headTable, schemaVersion } from './schema.ts';

/** What leads from one version of the tables to the next; the first leads from version 1 to 2. */
const steps: readonly string[] = [
  `
  ${headTable}
  UPDATE head SET seq = last.seq, hash = last.hash FROM (
    SELECT seq, hash FROM entries UNION ALL SELECT until_seq, last_hash FROM retired ORDER BY 1 DESC LIMIT 1
  ) AS last;
  `,
];

/** Brings older tables to the current version: each step is a transaction, so that a crash leaves a whole version. */
export function migrate(database: DatabaseSync, from: number): void {
  for (let version = from; version < schemaVersion; version += 1) {
    database.exec(
      `BEGIN IMMEDIATE; ${steps[version - 1] ?? ''}; PRAGMA user_version = ${version + 1}; COMMIT`,
    );
  }
}
