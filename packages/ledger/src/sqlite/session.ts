import type { Row } from '../account.ts';
import { type Book, createBook, type Hold, type RecordedEntry } from '../book.ts';
import type { Clock } from '../clock.ts';
import { type Batch, toLines } from './batch.ts';
import { createFreshIds } from './fresh-ids.ts';
import { openForReading } from './open-database.ts';
import { createPointReader } from './point-reader.ts';
import { entryToRecord, holdToRecord } from './records.ts';

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
  const { definitions } = reader;
  let holds = new Map<string, Hold>();
  let ended: string[] = [];
  let rows = new Set<Row>();
  let entries = new Map<string, RecordedEntry>();
  /** Of the batch that is being written: not to be found on disk yet. */
  let entriesInFlight: ReadonlyMap<string, RecordedEntry> = new Map();

  const fresh = createFreshIds(reader.greatestEntryId());
  const findEntry = (id: string): RecordedEntry | undefined =>
    fresh.isFresh(id) ? undefined : (entries.get(id) ?? entriesInFlight.get(id) ?? reader.entry(id));

  const book = createBook({
    clock,
    loadAccount: reader.account,
    loadRow: reader.row,
    findEntry,
    findCorrections: (id) => [
      ...reader.corrections(id),
      ...[...entriesInFlight.values(), ...entries.values()]
        .map(({ entry }) => entry)
        .filter(({ kind, corrects }) => kind === 'correction' && corrects === id),
    ],
    journal: {
      held: (hold) => holds.set(hold.id, hold),
      ended: ({ id }) => {
        // A hold that comes and goes between two commits never touches the disk.
        if (!holds.delete(id)) ended.push(id);
      },
      recorded: (recorded) => {
        fresh.add(recorded.entry.id);
        entries.set(recorded.entry.id, recorded);
      },
      changed: (row) => rows.add(row),
    },
  });
  for (const hold of reader.holds()) book.restore(hold);

  return {
    book,
    changed: () => holds.size + ended.length + rows.size + entries.size > 0,
    takeBatch: () => {
      const batch = {
        holds: toLines(Array.from(holds.values(), (hold) => holdToRecord(hold, definitions))),
        ended: ended.join('\n'),
        entries: toLines(Array.from(entries.values(), (recorded) => entryToRecord(recorded, definitions))),
        rows: [...rows].map(
          ({ account, start, settled, held, told }) => [account, start, settled, held, told] as const,
        ),
        // Last: the records above may have met new ones.
        definitions: toLines(definitions.takeNew()),
      };
      entriesInFlight = entries;
      holds = new Map();
      ended = [];
      rows = new Set();
      entries = new Map();
      return batch;
    },
    written: () => {
      entriesInFlight = new Map();
    },
    close: () => database.close(),
  };
}
