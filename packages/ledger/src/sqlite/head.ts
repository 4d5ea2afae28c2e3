import type { DatabaseSync } from 'node:sqlite';
import type { Anchor } from '../stored/anchor.ts';
import { readPragma } from './schema.ts';

/** Where the chain ends; a file of version 1 that is only read says so by its last entry. */
export function readHead(database: DatabaseSync): Anchor {
  const text =
    Number(readPragma(database, 'user_version')) < 2
      ? 'SELECT seq, hash FROM entries UNION ALL SELECT until_seq, last_hash FROM retired ORDER BY 1 DESC LIMIT 1'
      : 'SELECT seq, hash FROM head';
  const head = database.prepare(text).get();
  return { seq: Number(head?.['seq'] ?? 0), hash: hex(head?.['hash']) };
}

/** Bytes as text; nothing as empty text. */
export function hex(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : '';
}
