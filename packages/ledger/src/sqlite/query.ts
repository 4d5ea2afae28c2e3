import type { DatabaseSync } from 'node:sqlite';
import { entryFromJson } from '../entry.ts';
import { entryMatcher, type Tally, tallyOf } from '../entry-query.ts';
import type { EntryFilter, EntryQuery, SumQuery } from '../ledger.ts';
import {
  isRolledUp,
  pageSteps,
  type SqlDialect,
  type Statement,
  type StoredPage,
  selectEntries,
  selectTallies,
  tallyFromRow,
} from '../stored/entry-sql.ts';
import { subunitsPerUnit } from '../subunits.ts';

const dialect: SqlDialect = {
  place: (number) => `?${number}`,
  schema: '',
  // No sum of any length leaves 64 bits when fractions are added up in halves.
  costSums: `coalesce(sum(s.cost_whole), 0) AS whole,
      coalesce(sum(s.cost_fraction / 1000000), 0) AS high,
      coalesce(sum(s.cost_fraction % 1000000), 0) AS low`,
  unknownCost: 's.cost_whole IS NULL',
};

export function readPage(database: DatabaseSync, query: EntryQuery = {}): StoredPage {
  const steps = pageSteps(dialect, query);
  let step = steps.next([]);
  while (!step.done) step = steps.next(all(database, step.value));
  return step.value;
}

/** Sums of everything that the filter wants, from roll-ups as far as they reach. */
export function readTallies(database: DatabaseSync, { by, filter = {} }: SumQuery): Tally[] {
  return atOneMoment(database, () =>
    isRolledUp(by, filter)
      ? selectTallies(dialect, by, filter)
          .flatMap((statement) => all(database, statement))
          .map((row) => tallyFromRow(by, row, costOf(row)))
      : tallyEntries(database, by, filter),
  );
}

/** Several statements see the same state of the store, whatever is written meanwhile. */
export function atOneMoment<Result>(database: DatabaseSync, read: () => Result): Result {
  database.exec('BEGIN');
  try {
    return read();
  } finally {
    database.exec('COMMIT');
  }
}

/** Dimensions that have no column, such as tags, are read from the entries themselves. */
function tallyEntries(database: DatabaseSync, by: readonly string[], filter: EntryFilter): Tally[] {
  const matches = entryMatcher(filter);
  const { text, values } = selectEntries(dialect, filter, {
    order: 'oldest_first',
    after: undefined,
    limit: Number.MAX_SAFE_INTEGER,
  });
  const tallies: Tally[] = [];
  for (const { body } of database.prepare(text).iterate(...values)) {
    const entry = entryFromJson(String(body));
    if (matches(entry)) tallies.push(tallyOf(by, entry));
  }
  return tallies;
}

function all(database: DatabaseSync, { text, values }: Statement): Readonly<Record<string, unknown>>[] {
  return database.prepare(text).all(...values);
}

function costOf(row: Readonly<Record<string, unknown>>): bigint {
  return integer(row['whole']) * subunitsPerUnit + integer(row['high']) * 1_000_000n + integer(row['low']);
}

function integer(value: unknown): bigint {
  return BigInt(value as number | bigint);
}
