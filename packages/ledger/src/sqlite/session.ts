import { type Book, createBook } from '../book/book.ts';
import type { RecordedEntry } from '../book/journal.ts';
import type { Clock } from '../clock.ts';
import { type EntryFacts, factsToJson } from '../stored/entry-facts.ts';
import { createPending } from '../stored/pending.ts';
import type { EntryRecord } from '../stored/records.ts';
import { type Batch, hashBytes, toLines } from './batch.ts';
import { createBatchText } from './batch-text.ts';
import { createFreshIds } from './fresh-ids.ts';
import { createHoldBatches } from './hold-batches.ts';
import { openForReading } from './open-database.ts';
import { createPointReader } from './point-reader.ts';

/** A book on what is on disk, and what it changed since. Thrown away whole when a batch is not written. */
export interface Session {
  readonly book: Book;
  /** True while there is something to write. */
  readonly changed: () => boolean;
  /** Everything changed since the last time, as it stands now. */
  readonly takeBatch: () => Batch;
  /** The batch last taken is on disk. */
  readonly written: () => void;
  readonly close: () => void;
}

/** Batches after which the book is asked to let go of what is on disk anyway. */
const forgetEvery = 256;

export function openSession(path: string, clock: Clock): Session {
  const database = openForReading(path);
  const reader = createPointReader(database);
  const pending = createPending(reader.definitions);
  const text = createBatchText();
  const fresh = createFreshIds(reader.greatestEntryId());

  const book = createBook({
    clock,
    loadAccount: reader.account,
    loadRow: reader.row,
    findEntry: (id): RecordedEntry | undefined =>
      fresh.isFresh(id) ? undefined : (pending.entry(id) ?? reader.entry(id)),
    findCorrections: (id) => [...reader.corrections(id), ...pending.corrections(id)],
    journal: {
      ...pending.journal,
      recorded: (recorded) => {
        fresh.add(recorded.entry.id);
        pending.journal.recorded(recorded);
      },
    },
  });
  function writeEntry([body, draws]: EntryRecord): readonly [bodyBytes: number, drawsBytes: number] {
    text.leave(hashBytes);
    text.endLine();
    const bodyBytes = text.write(body);
    text.endLine();
    return [bodyBytes, text.write(draws)];
  }

  let batches = 0;
  const stored = reader.holdBatches();
  const holdBatches = createHoldBatches(
    stored.map(({ number, holds }) => ({ number, ids: holds.map(({ id }) => id) })),
  );
  for (const { holds } of stored) for (const hold of holds) book.restore(hold);

  return {
    book,
    changed: pending.changed,
    takeBatch: () => {
      const { definitions, holds, ended, entries, facts, rows } = pending.take();
      for (const id of ended) holdBatches.end(id);
      return {
        definitions: toLines(definitions),
        holds:
          holds.length === 0
            ? undefined
            : { number: holdBatches.add(holds.map(([id]) => id)), bytes: text.write(toLines(holds)) },
        overHolds: holdBatches.takeOver(),
        entries: toLines(
          entries.map((entry, index) => [...writeEntry(entry), factsToJson(facts[index] as EntryFacts)]),
        ),
        rows: rows.map(({ account, start, settled, held, told }) => [account, start, settled, held, told]),
        text: text.take(),
      };
    },
    written: () => {
      pending.stored();
      batches += 1;
      if (batches % forgetEvery === 0) book.forget(pending.isStored);
    },
    close: () => database.close(),
  };
}
