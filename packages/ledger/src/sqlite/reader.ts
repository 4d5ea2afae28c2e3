import type { LimitState } from '@genops/core';
import { createBook } from '../book/book.ts';
import { createClock } from '../clock.ts';
import { entryFromJson } from '../entry.ts';
import { checkEntryQuery } from '../entry-page.ts';
import { createTallies, type Tally } from '../entry-query.ts';
import type { EntryPage, Ledger, LimitQuery, SumQuery, SumRow } from '../ledger.ts';
import type { StoredPage } from '../stored/entry-sql.ts';
import { openForReading } from './open-database.ts';
import { createPointReader } from './point-reader.ts';
import { readPage, readTallies } from './query.ts';
import { verify } from './verify.ts';

/** What can be asked of a ledger without writing to it. */
export type LedgerReader = Pick<Ledger, 'driver' | 'states' | 'entries' | 'sum' | 'verify' | 'close'>;

/**
 * Opens a ledger's file for reading only, also while another process writes to it.
 *
 * @throws {LedgerUnavailableError} when there is no such file
 * @throws {LedgerCorruptError} when it is not a ledger, or of a newer version
 */
export async function openSqliteLedgerReader({
  path,
  now,
}: {
  readonly path: string;
  /** In place of the machine's clock. */
  readonly now?: () => Date;
}): Promise<LedgerReader> {
  const database = openForReading(path);
  return {
    driver: 'sqlite',
    states: async (queries) => readStates(queries, createPointReader(database), now),
    entries: async (query = {}) => {
      checkEntryQuery(query);
      return toEntryPage(readPage(database, query));
    },
    sum: async (query) => toSumRows(query, readTallies(database, query)),
    verify: async (options) => verify(database, options),
    close: async () => database.close(),
  };
}

function readStates(
  queries: readonly LimitQuery[],
  reader: ReturnType<typeof createPointReader>,
  now: (() => Date) | undefined,
): LimitState[] {
  const book = createBook({
    clock: createClock(now),
    loadAccount: reader.account,
    loadRow: reader.row,
    findEntry: reader.entry,
    findCorrections: reader.corrections,
    journal: { held: () => {}, ended: () => {}, shrunk: () => {}, recorded: () => {}, changed: () => {} },
  });
  return book.states(queries);
}

export function toEntryPage({ bodies, ...page }: StoredPage): EntryPage {
  return { ...page, entries: bodies.map(entryFromJson) };
}

export function toSumRows({ by }: Pick<SumQuery, 'by'>, tallies: readonly Tally[]): SumRow[] {
  const sums = createTallies(by);
  for (const tally of tallies) sums.add(tally);
  return sums.rows();
}
