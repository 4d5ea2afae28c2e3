import { entryToJson } from './entry.ts';
import { pageSizes } from './entry-page.ts';
import type { EntryFilter, Ledger } from './ledger.ts';

/**
 * Entries as lines of JSON, in the order in which they were written, read page by page: for archives, and for
 * programs that know no more of a ledger than its entries.
 */
export async function* exportEntries(
  ledger: Pick<Ledger, 'entries'>,
  filter?: EntryFilter,
): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const page = await ledger.entries({
      pageSize: pageSizes.most,
      ...(filter !== undefined && { filter }),
      ...(cursor !== undefined && { cursor }),
    });
    for (const entry of page.entries) yield entryToJson(entry);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
