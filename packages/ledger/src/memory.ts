import type { LedgerEntry } from '@genops/core';
import { createBook } from './book/book.ts';
import { heldAsCounted } from './book/hold.ts';
import type { RecordedEntry } from './book/journal.ts';
import { createClock } from './clock.ts';
import { checkEntryQuery, pageSizes, readCursor } from './entry-page.ts';
import { createTallies, entryMatcher, tallyOf } from './entry-query.ts';
import type { Ledger } from './ledger.ts';
import { createCounterCheck } from './verify-counters.ts';

export interface MemoryLedgerOptions {
  /** In place of the machine's clock. */
  readonly now?: () => Date;
}

/**
 * A ledger that forgets everything when the process ends: for tests and short scripts. It is exact within its
 * process and does not know of any other.
 */
export function createMemoryLedger(options: MemoryLedgerOptions = {}): Ledger {
  const written: RecordedEntry[] = [];
  const byId = new Map<string, RecordedEntry>();
  const corrections = new Map<string, LedgerEntry[]>();
  const book = createBook({
    clock: createClock(options.now),
    loadAccount: () => undefined,
    loadRow: () => undefined,
    findEntry: (id) => byId.get(id),
    findCorrections: (id) => corrections.get(id) ?? [],
    journal: {
      held: () => {},
      ended: () => {},
      shrunk: () => {},
      changed: () => {},
      recorded: (recorded) => {
        const { entry } = recorded;
        written.push(recorded);
        byId.set(entry.id, recorded);
        if (entry.kind === 'correction' && entry.corrects !== undefined) {
          corrections.set(entry.corrects, [...(corrections.get(entry.corrects) ?? []), entry]);
        }
      },
    },
  });

  return {
    driver: 'memory',
    reserve: async (request) => book.reserve(request),
    settle: async (request) => book.settle(request),
    release: async (request) => book.release(request),
    record: async (entry) => book.record(entry),
    expire: async () => ({ expired: book.expire() }),
    states: async (queries) => book.states(queries),
    entries: async (query = {}) => {
      checkEntryQuery(query);
      const { filter, order = 'oldest_first', pageSize = pageSizes.usual, cursor } = query;
      const matches = entryMatcher(filter);
      const step = order === 'oldest_first' ? 1 : -1;
      const entries: LedgerEntry[] = [];
      let index = cursor === undefined ? (step === 1 ? 0 : written.length - 1) : readCursor(cursor);
      for (; index >= 0 && index < written.length; index += step) {
        const entry = written[index]?.entry;
        if (entry === undefined || !matches(entry)) continue;
        if (entries.length === pageSize) return { entries, nextCursor: String(index) };
        entries.push(entry);
      }
      return { entries };
    },
    sum: async ({ by, filter }) => {
      const matches = entryMatcher(filter);
      const tallies = createTallies(by);
      for (const { entry } of written) if (matches(entry)) tallies.add(tallyOf(by, entry));
      return tallies.rows();
    },
    verify: async () => {
      const check = createCounterCheck();
      for (const { draws } of written) check.addEntry(draws);
      for (const { draws } of book.holds()) check.addHold(draws.map(heldAsCounted));
      const findings = check.compare(book.rows());
      return { result: findings.length === 0 ? 'intact' : 'damaged', entries: written.length, findings };
    },
    close: async () => {},
  };
}
