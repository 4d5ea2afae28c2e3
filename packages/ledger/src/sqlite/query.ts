import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { entryFromJson } from '../entry.ts';
import { instantMs, pageSizes, readCursor } from '../entry-page.ts';
import { entryMatcher, type Tally, tallyOf } from '../entry-query.ts';
import type { EntryFilter, EntryQuery, SumQuery } from '../ledger.ts';
import { subunitsPerUnit } from '../subunits.ts';
import { columnOf, groupDimensions } from './schema.ts';
import { type CoveredPeriod, coverTime, endOfTime } from './time-cover.ts';

/** A page as it is stored: entries as JSON, so that it can pass between threads. */
export interface StoredPage {
  readonly bodies: readonly string[];
  readonly nextCursor?: string;
}

/** Entries read at a time while looking for those that a filter wants. */
const scanSize = 500;

/** Columns by dimension. Nothing else that a caller writes ever becomes part of a statement. */
const columns: ReadonlyMap<string, string> = new Map(
  groupDimensions.map((dimension) => [dimension, columnOf(dimension)]),
);

export function readPage(database: DatabaseSync, query: EntryQuery = {}): StoredPage {
  const { filter = {}, pageSize = pageSizes.usual, cursor } = query;
  const { where, values, complete } = entryConditions(filter);
  const matches = complete ? undefined : bodyMatcher(filter);
  const page = database.prepare(`
    SELECT e.seq, e.body FROM entries e JOIN groups g ON g.id = e.group_id
    WHERE ${['e.seq > ?', ...where].join(' AND ')}
    ORDER BY e.seq LIMIT ?
  `);
  const bodies: string[] = [];
  let last = cursor === undefined ? 0 : readCursor(cursor);
  for (;;) {
    const wanted = matches === undefined ? pageSize + 1 - bodies.length : scanSize;
    const rows = page.all(last, ...values, wanted);
    for (const { seq, body } of rows) {
      if (matches === undefined || matches(String(body))) {
        if (bodies.length === pageSize) return { bodies, nextCursor: String(last) };
        bodies.push(String(body));
      }
      last = Number(seq);
    }
    if (rows.length < wanted) return { bodies };
  }
}

/** Sums of everything that the filter wants, from roll-ups as far as they reach. */
export function readTallies(database: DatabaseSync, { by, filter = {} }: SumQuery): Tally[] {
  const asked = [...by, ...Object.keys(filter.match ?? {})];
  const rolledUp = filter.operationId === undefined && asked.every((name) => columns.has(name));
  if (!rolledUp) return tallyEntries(database, by, filter);
  const [from, until] = rangeOf(filter);
  return atOneMoment(database, () => [
    ...coverTime(from, until).flatMap((period) => tallyPeriod(database, by, filter, period)),
    // What the roll-ups do not have yet. In periods without a grain, entries are read anyway.
    ...coverTime(from, until)
      .filter(({ grain }) => grain !== undefined)
      .flatMap(({ from, until }) => tallyPeriod(database, by, filter, { from, until, unrolled: true })),
  ]);
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

function tallyPeriod(
  database: DatabaseSync,
  by: readonly string[],
  filter: EntryFilter,
  { grain, from, until, unrolled = false }: CoveredPeriod & { readonly unrolled?: boolean },
): Tally[] {
  const { where, values } = groupConditions(filter);
  const group = [...by.map((name) => `g.${columns.get(name)}`), 's.currency'];
  const source =
    grain === undefined
      ? {
          table: 'entries',
          range: [
            ...(unrolled ? ['s.seq > (SELECT until_seq FROM rolled_up)'] : []),
            `${unrolled ? '+' : ''}s.at >= ?`,
            's.at < ?',
          ],
          limits: [from, until],
          entries: 'count(*)',
          unpriced: 'sum(s.cost_whole IS NULL)',
          refused: "sum(g.kind = 'refused')",
        }
      : {
          table: 'rollups',
          range: ['s.grain = ?', 's.start >= ?', 's.start < ?'],
          limits: [grain, from, until],
          entries: 'sum(s.entries)',
          unpriced: 'sum(s.unpriced)',
          refused: 'sum(s.refused)',
        };
  const statement = database.prepare(`
    SELECT
      ${group.map((column, index) => `${column} AS group_${index}`).join(', ')},
      coalesce(sum(s.cost_whole), 0) AS whole,
      coalesce(sum(s.cost_fraction / 1000000), 0) AS high,
      coalesce(sum(s.cost_fraction % 1000000), 0) AS low,
      ${source.entries} AS entries,
      sum(s.input_tokens) AS input_tokens,
      sum(s.output_tokens) AS output_tokens,
      ${source.unpriced} AS unpriced,
      ${source.refused} AS refused
    FROM ${source.table} s JOIN groups g ON g.id = s.group_id
    WHERE ${[...source.range, ...where].join(' AND ')}
    GROUP BY ${group.join(', ')}
  `);
  return statement.all(...source.limits, ...values).map((row) => ({
    group: by.map((_, index) => textOrNull(row[`group_${index}`])),
    currency: String(row[`group_${by.length}`]),
    cost: integer(row['whole']) * subunitsPerUnit + integer(row['high']) * 1_000_000n + integer(row['low']),
    entries: Number(row['entries']),
    inputTokens: Number(row['input_tokens']),
    outputTokens: Number(row['output_tokens']),
    unpriced: Number(row['unpriced']),
    refused: Number(row['refused']),
  }));
}

/** Dimensions that have no column, such as tags, are read from the entries themselves. */
function tallyEntries(database: DatabaseSync, by: readonly string[], filter: EntryFilter): Tally[] {
  const { where, values } = entryConditions(filter);
  const matches = entryMatcher(filter);
  const tallies: Tally[] = [];
  const rows = database
    .prepare(
      `SELECT e.body FROM entries e JOIN groups g ON g.id = e.group_id WHERE ${['true', ...where].join(' AND ')}`,
    )
    .iterate(...values);
  for (const { body } of rows) {
    const entry = entryFromJson(String(body));
    if (matches(entry)) tallies.push(tallyOf(by, entry));
  }
  return tallies;
}

interface Conditions {
  readonly where: readonly string[];
  readonly values: readonly SQLInputValue[];
}

/** Conditions on single entries; `complete` when nothing of the filter is left to check. */
function entryConditions(filter: EntryFilter): Conditions & { readonly complete: boolean } {
  const where: string[] = [];
  const values: SQLInputValue[] = [];
  const [from, until] = rangeOf(filter);
  if (filter.from !== undefined) {
    where.push('e.at >= ?');
    values.push(from);
  }
  if (filter.until !== undefined) {
    where.push('e.at < ?');
    values.push(until);
  }
  if (filter.operationId !== undefined) {
    where.push('e.operation_id = ?');
    values.push(filter.operationId);
  }
  const sessions = filter.match?.['sessionId'];
  if (sessions !== undefined) {
    where.push(oneOf('e.session_id', sessions));
    values.push(...sessions);
  }
  const group = groupConditions(filter);
  const complete = Object.keys(filter.match ?? {}).every((name) => name === 'sessionId' || columns.has(name));
  return { where: [...where, ...group.where], values: [...values, ...group.values], complete };
}

/** The part of a filter that the dimensions with a column answer. */
function groupConditions(filter: EntryFilter): Conditions {
  const wanted = Object.entries({
    ...filter.match,
    ...(filter.kind !== undefined && { kind: filter.kind }),
  }).filter(([name]) => columns.has(name));
  return {
    where: wanted.map(([name, values]) => oneOf(`g.${columns.get(name)}`, values)),
    values: wanted.flatMap(([, values]) => values),
  };
}

function oneOf(column: string, values: readonly unknown[]): string {
  return `${column} IN (${values.map(() => '?').join(', ')})`;
}

function bodyMatcher(filter: EntryFilter): (body: string) => boolean {
  const matches = entryMatcher(filter);
  return (body) => matches(entryFromJson(body));
}

function rangeOf({ from, until }: EntryFilter): [from: number, until: number] {
  return [
    from === undefined ? -endOfTime : instantMs('from', from),
    until === undefined ? endOfTime : instantMs('until', until),
  ];
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function integer(value: unknown): bigint {
  return BigInt(value as number | bigint);
}
