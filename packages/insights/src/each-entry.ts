import type { LedgerEntry } from '@genops/core';
import type { EntryFilter, Ledger } from '@genops/ledger';

/** What questions are asked of: a ledger, or any reader of one. */
export type EntrySource = Pick<Ledger, 'entries'>;

/** Entries read at once: enough to be fast, few enough to be small. */
const pageSize = 2000;

/** The entries of a ledger one by one, in the order in which they were written; no more than a page is kept. */
export async function* eachEntry(ledger: EntrySource, filter?: EntryFilter): AsyncGenerator<LedgerEntry> {
  let cursor: string | undefined;
  do {
    const page = await ledger.entries({
      pageSize,
      ...(filter !== undefined && { filter }),
      ...(cursor !== undefined && { cursor }),
    });
    yield* page.entries;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
