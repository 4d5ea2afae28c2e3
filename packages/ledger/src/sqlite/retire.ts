import type { DatabaseSync } from 'node:sqlite';
import type { EntryFilter } from '../ledger.ts';
import { planRetirement } from '../stored/retirement.ts';
import { fromLines } from './batch.ts';
import { createPointReader } from './point-reader.ts';
import { split } from './split-amount.ts';

/** A step that is short enough for calls to wait for it. */
export interface RetireStep {
  /** Entries admitted before it, in milliseconds since 1970. */
  readonly before: number;
  readonly legalHold: EntryFilter | undefined;
  /** Position after which to go on. */
  readonly after: number;
}

export interface RetiredStep {
  readonly retired: number;
  readonly kept: number;
  /** Position to go on after; absent when there is nothing left. */
  readonly after?: number;
}

const entriesInStep = 2000;

/** Inside a transaction, and after everything was rolled up: sums stay, entries go. */
export function retireEntries(database: DatabaseSync, { before, legalHold, after }: RetireStep): RetiredStep {
  const { definitions } = createPointReader(database);
  // That the entry of a hold is there says that it has ended: it stays for as long as the hold may be asked for.
  const oldestHold = Math.min(...database.prepare('SELECT records FROM hold_batches').all().map(firstHoldAt));
  const old = database
    .prepare('SELECT seq, body, draws, hash FROM entries WHERE seq > ? AND at < ? ORDER BY seq LIMIT ?')
    .all(after, Math.min(before, oldestHold), entriesInStep)
    .map((row) => ({
      seq: Number(row['seq']),
      body: String(row['body']),
      draws: String(row['draws']),
      hash: Buffer.from(row['hash'] as Uint8Array).toString('hex'),
    }));
  const { runs, counters, retired, kept } = planRetirement(old, legalHold, definitions.limitOf);
  const insertRun = database.prepare('INSERT INTO retired VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM entries WHERE seq BETWEEN ? AND ?');
  for (const { fromSeq, untilSeq, lastHash } of runs) {
    insertRun.run(fromSeq, untilSeq, Buffer.from(lastHash, 'hex'));
    remove.run(fromSeq, untilSeq);
  }
  const count = database.prepare(`
    INSERT INTO retired_counters VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
      settled_whole = settled_whole + excluded.settled_whole
        + (settled_fraction + excluded.settled_fraction) / 1000000000000,
      settled_fraction = (settled_fraction + excluded.settled_fraction) % 1000000000000
  `);
  for (const { account, start, settled } of counters) count.run(account, start, ...split(settled));
  const last = old.at(-1);
  return { retired, kept, ...(last !== undefined && { after: last.seq }) };
}

/** Holds of one commit were admitted one after another. */
function firstHoldAt({ records }: Record<string, unknown>): number {
  const [, at] = fromLines(String(records))[0] ?? [];
  return Number(at);
}
