import { type Book, createBook, type RecordedEntry } from '../book.ts';
import type { Clock } from '../clock.ts';
import { createPending } from '../stored/pending.ts';
import { type Batch, toLines } from './batch.ts';
import { createFreshIds } from './fresh-ids.ts';
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

export function openSession(path: string, clock: Clock): Session {
  const database = openForReading(path);
  const reader = createPointReader(database);
  const pending = createPending(reader.definitions);
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
  for (const hold of reader.holds()) book.restore(hold);

  return {
    book,
    changed: pending.changed,
    takeBatch: () => {
      const { definitions, holds, ended, entries, rows } = pending.take();
      return {
        definitions: toLines(definitions),
        holds: toLines(holds),
        ended: ended.join('\n'),
        entries: toLines(entries),
        rows: rows.map(({ account, start, settled, held, told }) => [account, start, settled, held, told]),
      };
    },
    written: pending.stored,
    close: () => database.close(),
  };
}
