import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { columnOf, groupDimensions } from '../stored/dimensions.ts';
import { factsFromJson } from '../stored/entry-facts.ts';
import { type Batch, fromLines, hashBytes } from './batch.ts';
import { readHead } from './head.ts';
import { openForWriting } from './open-database.ts';
import { type RetiredStep, type RetireStep, retireEntries } from './retire.ts';
import { createRollups } from './rollups.ts';
import { split } from './split-amount.ts';

/** Writes batches, each in one transaction that is on disk when `commit` returns. */
export interface Writer {
  /** @throws whatever SQLite reports; nothing of the batch is written then, or the disk does not say */
  readonly commit: (batch: Batch) => void;
  /** Takes some entries out, in one transaction. */
  readonly retire: (step: RetireStep) => RetiredStep;
  readonly close: () => void;
}

/** Groups are looked up again when more than this many were met. */
const rememberedGroups = 50_000;

export function openWriter(path: string): Writer {
  const database = openForWriting(path);
  try {
    return writerOn(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function writerOn(database: DatabaseSync): Writer {
  // After a failed sync nobody knows what of the log is on disk: what it says is written again, and synced.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const insert = prepareStatements(database);
  const rollups = createRollups(database);
  const groups = new Map<string, number>();
  let { seq, hash: hashText } = readHead(database);
  /** Whether the file itself has no entry yet: it gets the first ones at once, and is never empty without its log. */
  let bare = seq === 0;

  function commit(batch: Batch): void {
    const before = { seq, hashText };
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const [id = '', definition = ''] of fromLines(batch.definitions)) {
        insert.definition.run(Number(id), definition);
      }
      const text = asBuffer(batch.text);
      const holdBytes = batch.holds?.bytes ?? 0;
      if (batch.holds !== undefined) insert.holds.run(batch.holds.number, text.subarray(0, holdBytes));
      for (const number of batch.overHolds) insert.endHolds.run(number);
      writeEntries(fromLines(batch.entries), text.subarray(holdBytes));
      for (const [account, start, settled, held, told] of batch.rows) {
        insert.counter.run(account, start, ...split(settled), ...split(held), told);
      }
      database.exec('COMMIT');
      rollups.committed();
      if (bare && seq > 0) {
        database.exec('PRAGMA wal_checkpoint(PASSIVE)');
        bare = false;
      }
    } catch (error) {
      ({ seq, hashText } = before);
      groups.clear();
      rollups.rolledBack();
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  function writeEntries(entries: readonly string[][], text: Buffer): void {
    let start = 0;
    for (const [bodyBytes, drawsBytes, columns = ''] of entries) {
      const facts = factsFromJson(columns);
      const groupId = groupOf(facts.group);
      const bodyStart = start + hashBytes + 1;
      const drawsStart = bodyStart + Number(bodyBytes) + 1;
      const end = drawsStart + Number(drawsBytes);
      // The first entry of all has no hash before it.
      const chainStart = start + hashBytes - hashText.length;
      text.write(hashText, chainStart, 'latin1');
      const chained = hash('sha256', text.subarray(chainStart, end), 'buffer');
      hashText = chained.toString('hex');
      start = end;
      seq += 1;
      insert.entry.run(
        seq,
        facts.id,
        facts.operationId,
        facts.at,
        groupId,
        facts.sessionId,
        facts.corrects,
        facts.currency,
        ...(facts.cost === undefined ? [null, null] : split(facts.cost)),
        facts.inputTokens,
        facts.outputTokens,
        text.subarray(bodyStart, drawsStart - 1),
        text.subarray(drawsStart, end),
        chained,
      );
      rollups.add(seq, groupId, facts);
    }
    if (entries.length > 0) insert.head.run(seq, Buffer.from(hashText, 'hex'));
    rollups.writeWhenDue();
  }

  function groupOf(group: readonly (string | null)[]): number {
    const key = JSON.stringify(group);
    let id = groups.get(key);
    if (id === undefined) {
      const found = insert.findGroup.get(key) ?? insert.group.get(key, ...group);
      id = Number(found?.['id']);
      if (groups.size >= rememberedGroups) groups.clear();
      groups.set(key, id);
    }
    return id;
  }

  function retire(step: RetireStep): RetiredStep {
    try {
      database.exec('BEGIN IMMEDIATE');
      rollups.write();
      const retired = retireEntries(database, step);
      database.exec('COMMIT');
      rollups.committed();
      return retired;
    } catch (error) {
      rollups.rolledBack();
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  return { commit, retire, close: () => database.close() };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  const places = (count: number): string => Array.from({ length: count }, () => '?').join(', ');
  const groupColumns = groupDimensions.map(columnOf);
  return {
    definition: prepare('INSERT INTO limit_definitions (id, definition) VALUES (?, ?)'),
    holds: prepare('INSERT INTO hold_batches VALUES (?, CAST(? AS TEXT))'),
    endHolds: prepare('DELETE FROM hold_batches WHERE number = ?'),
    findGroup: prepare('SELECT id FROM groups WHERE key = ?'),
    group: prepare(
      `INSERT INTO groups (key, ${groupColumns.join(', ')}) VALUES (${places(groupColumns.length + 1)}) RETURNING id`,
    ),
    // Bytes are taken for the text that they are.
    entry: prepare(`INSERT INTO entries VALUES (${places(12)}, CAST(? AS TEXT), CAST(? AS TEXT), ?)`),
    head: prepare('UPDATE head SET seq = ?, hash = ?'),
    counter: prepare(`INSERT OR REPLACE INTO counters VALUES (${places(7)})`),
  };
}
