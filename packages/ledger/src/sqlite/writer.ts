import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { columnOf, groupDimensions } from '../stored/dimensions.ts';
import { factsFromJson } from '../stored/entry-facts.ts';
import { type Batch, fromLines } from './batch.ts';
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
  // After a failed sync nobody knows what of the log is on disk: what it says is written again, and synced.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const insert = prepareStatements(database);
  const rollups = createRollups(database);
  const groups = new Map<string, number>();
  let { seq, hashText } = lastEntry(database);

  function commit(batch: Batch): void {
    const before = { seq, hashText };
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const [id = '', definition = ''] of fromLines(batch.definitions)) {
        insert.definition.run(Number(id), definition);
      }
      if (batch.holds !== undefined) insert.holds.run(batch.holds.number, batch.holds.records);
      for (const number of batch.overHolds) insert.endHolds.run(number);
      writeEntries(fromLines(batch.entries));
      for (const [account, start, settled, held, told] of batch.rows) {
        insert.counter.run(account, start, ...split(settled), ...split(held), told);
      }
      database.exec('COMMIT');
      rollups.committed();
    } catch (error) {
      ({ seq, hashText } = before);
      groups.clear();
      rollups.rolledBack();
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  function writeEntries(entries: readonly string[][]): void {
    for (const [body = '', draws = '', columns = ''] of entries) {
      const facts = factsFromJson(columns);
      const groupId = groupOf(facts.group);
      seq += 1;
      const chained = hash('sha256', `${hashText}\n${body}\n${draws}`, 'buffer');
      hashText = chained.toString('hex');
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
        body,
        draws,
        chained,
      );
      rollups.add(seq, groupId, facts);
    }
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

/** The end of the chain; it begins with nothing. */
function lastEntry(database: DatabaseSync): { seq: number; hashText: string } {
  const last = database.prepare('SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1').get();
  const retired = database
    .prepare('SELECT until_seq, last_hash FROM retired ORDER BY from_seq DESC LIMIT 1')
    .get();
  const [seq, chained] =
    Number(last?.['seq'] ?? 0) >= Number(retired?.['until_seq'] ?? 0)
      ? [last?.['seq'], last?.['hash']]
      : [retired?.['until_seq'], retired?.['last_hash']];
  return {
    seq: Number(seq ?? 0),
    hashText: chained instanceof Uint8Array ? Buffer.from(chained).toString('hex') : '',
  };
}

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  const places = (count: number): string => Array.from({ length: count }, () => '?').join(', ');
  const groupColumns = groupDimensions.map(columnOf);
  return {
    definition: prepare('INSERT INTO limit_definitions (id, definition) VALUES (?, ?)'),
    holds: prepare('INSERT INTO hold_batches VALUES (?, ?)'),
    endHolds: prepare('DELETE FROM hold_batches WHERE number = ?'),
    findGroup: prepare('SELECT id FROM groups WHERE key = ?'),
    group: prepare(
      `INSERT INTO groups (key, ${groupColumns.join(', ')}) VALUES (${places(groupColumns.length + 1)}) RETURNING id`,
    ),
    entry: prepare(`INSERT INTO entries VALUES (${places(15)})`),
    counter: prepare(`INSERT OR REPLACE INTO counters VALUES (${places(7)})`),
  };
}
