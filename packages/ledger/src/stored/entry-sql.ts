import { entryFromJson } from '../entry.ts';
import { instantMs, pageSizes, readCursor } from '../entry-page.ts';
import { entryMatcher, type Tally } from '../entry-query.ts';
import type { EntryFilter, EntryOrder, EntryQuery } from '../ledger.ts';
import { columnOf, groupDimensions } from './dimensions.ts';
import { type CoveredPeriod, coverTime, endOfTime } from './time-cover.ts';

/** A statement with what it is run with. Nothing that a caller writes is ever part of the text. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/** Where two databases write the same thing differently. */
export interface SqlDialect {
  /** The nth value, counted from 1: `?1`, `$1`. */
  readonly place: (number: number) => string;
  /** Prefix of every table. */
  readonly schema: string;
  /** Columns whose sums together are the sum of `s`'s costs. */
  readonly costSums: string;
  /** Whether the cost of `s` is not known. */
  readonly unknownCost: string;
}

type Row = Readonly<Record<string, unknown>>;

/** Columns by dimension: the roll-ups and an index answer for these. */
const columns: ReadonlyMap<string, string> = new Map(
  groupDimensions.map((dimension) => [dimension, columnOf(dimension)]),
);

/** A stretch of the ledger, read from one position on. */
interface Stretch {
  readonly order: EntryOrder;
  /** The position before the first; at the beginning there is none. */
  readonly after: number | undefined;
  /** How many positions it has at most. */
  readonly positions?: number;
  readonly limit: number;
}

/** Entries looked at one by one: fast where many are wanted. */
export function selectEntries(dialect: SqlDialect, filter: EntryFilter, stretch: Stretch): Statement {
  const { bind, values } = binder(dialect);
  const { order, after, positions, limit } = stretch;
  const forward = order === 'oldest_first';
  const end = `(SELECT coalesce(max(seq), 0) + 1 FROM ${dialect.schema}entries)`;
  const start = after === undefined ? (forward ? '0' : end) : bind(after);
  const where = [
    `e.seq ${forward ? '>' : '<'} ${start}`,
    ...(positions === undefined
      ? []
      : [`e.seq ${forward ? '<=' : '>='} ${start} ${forward ? '+' : '-'} ${bind(positions)}`]),
    ...entryConditions(filter, bind),
  ];
  const text = `
    SELECT e.seq, e.body
    FROM ${dialect.schema}entries e JOIN ${dialect.schema}groups g ON g.id = e.group_id
    WHERE ${where.join(' AND ')}
    ORDER BY e.seq ${forward ? 'ASC' : 'DESC'} LIMIT ${bind(limit)}
  `;
  return { text, values };
}

/**
 * The same, but found by an index and put in order afterwards: fast where few are wanted. Adding nothing to a
 * position keeps a database from going by position.
 */
function findEntries(dialect: SqlDialect, filter: EntryFilter, { order, after, limit }: Stretch): Statement {
  const { bind, values } = binder(dialect);
  const direction = order === 'oldest_first' ? 'ASC' : 'DESC';
  const where = [
    ...(after === undefined ? [] : [`e.seq + 0 ${order === 'oldest_first' ? '>' : '<'} ${bind(after)}`]),
    ...entryConditions(filter, bind),
  ];
  const text = `
    SELECT seq, body FROM ${dialect.schema}entries WHERE seq IN (
      SELECT e.seq FROM ${dialect.schema}entries e JOIN ${dialect.schema}groups g ON g.id = e.group_id
      ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`}
      ORDER BY e.seq + 0 ${direction} LIMIT ${bind(limit)}
    )
    ORDER BY seq ${direction}
  `;
  return { text, values };
}

/** A page as it is stored: entries as JSON, so that it can pass between threads. */
export interface StoredPage {
  readonly bodies: readonly string[];
  readonly nextCursor?: string;
}

/** Entries that are looked at one by one before an index is asked. */
const glance = 10_000;

/** Entries found at once when each of them has still to be checked. */
const handful = 5000;

/** Reads a page step by step: each value yielded is a statement, and wants its rows in return. */
export function* pageSteps(
  dialect: SqlDialect,
  { filter = {}, order = 'oldest_first', pageSize = pageSizes.usual, cursor }: EntryQuery,
): Generator<Statement, StoredPage, readonly Row[]> {
  const check = restOf(filter);
  const bodies: string[] = [];
  let last = cursor === undefined ? undefined : readCursor(cursor);
  /** Takes what is wanted, and says whether the page is full. */
  const take = (rows: readonly Row[]): boolean => {
    for (const { seq, body } of rows) {
      if (check?.(String(body)) !== false) {
        if (bodies.length === pageSize) return true;
        bodies.push(String(body));
      }
      last = Number(seq);
    }
    return false;
  };

  if (filter.operationId === undefined && filter.match?.['sessionId'] === undefined) {
    const limit = check === undefined ? pageSize + 1 : glance;
    const rows = yield selectEntries(dialect, filter, { order, after: last, positions: glance, limit });
    if (take(rows)) return full(bodies, last);
  }
  for (;;) {
    const limit = check === undefined ? pageSize + 1 - bodies.length : handful;
    const rows = yield findEntries(dialect, filter, { order, after: last, limit });
    if (take(rows)) return full(bodies, last);
    if (rows.length < limit) return { bodies };
  }
}

function full(bodies: readonly string[], last: number | undefined): StoredPage {
  return { bodies, nextCursor: String(last) };
}

/** What of a filter no column answers, to be checked on each entry. */
function restOf(filter: EntryFilter): ((body: string) => boolean) | undefined {
  const complete = Object.keys(filter.match ?? {}).every((name) => name === 'sessionId' || columns.has(name));
  if (complete) return undefined;
  const matches = entryMatcher(filter);
  return (body) => matches(entryFromJson(body));
}

/** True when the roll-ups, with the newest entries, answer for that sum. */
export function isRolledUp(by: readonly string[], filter: EntryFilter): boolean {
  const asked = [...by, ...Object.keys(filter.match ?? {})];
  return filter.operationId === undefined && asked.every((name) => columns.has(name));
}

/** Statements whose tallies together are the sum; they have to see the store at one moment. */
export function selectTallies(dialect: SqlDialect, by: readonly string[], filter: EntryFilter): Statement[] {
  return coverTime(...rangeOf(filter)).flatMap((period) =>
    period.grain === undefined
      ? [tallyEntries(dialect, by, filter, period, false)]
      : // What the roll-ups do not have yet is added from the entries.
        [
          tallyRollups(dialect, by, filter, period, period.grain),
          tallyEntries(dialect, by, filter, period, true),
        ],
  );
}

function tallyRollups(
  dialect: SqlDialect,
  by: readonly string[],
  filter: EntryFilter,
  { from, until }: CoveredPeriod,
  grain: number,
): Statement {
  const { bind, values } = binder(dialect);
  const group = groupColumns(by);
  const where = [
    `s.grain = ${bind(grain)}`,
    `s.start >= ${bind(from)}`,
    `s.start < ${bind(until)}`,
    ...groupConditions(filter, bind),
  ];
  const text = `
    SELECT ${named(group)}, ${dialect.costSums}, sum(s.entries) AS entries,
      sum(s.input_tokens) AS input_tokens, sum(s.output_tokens) AS output_tokens,
      sum(s.unpriced) AS unpriced, sum(s.refused) AS refused
    FROM ${dialect.schema}rollups s JOIN ${dialect.schema}groups g ON g.id = s.group_id
    WHERE ${where.join(' AND ')}
    GROUP BY ${group.join(', ')}
  `;
  return { text, values };
}

function tallyEntries(
  dialect: SqlDialect,
  by: readonly string[],
  filter: EntryFilter,
  { from, until }: CoveredPeriod,
  onlyUnrolled: boolean,
): Statement {
  const { bind, values } = binder(dialect);
  const group = groupColumns(by);
  const where = [
    ...(onlyUnrolled ? [`s.seq > (SELECT until_seq FROM ${dialect.schema}rolled_up)`] : []),
    // Few entries are not rolled up: their own order finds them, not their time.
    `${onlyUnrolled ? 's.at + 0' : 's.at'} >= ${bind(from)}`,
    `${onlyUnrolled ? 's.at + 0' : 's.at'} < ${bind(until)}`,
    ...groupConditions(filter, bind),
  ];
  const text = `
    SELECT ${named(group)}, ${dialect.costSums}, count(*) AS entries,
      sum(s.input_tokens) AS input_tokens, sum(s.output_tokens) AS output_tokens,
      sum(CASE WHEN ${dialect.unknownCost} THEN 1 ELSE 0 END) AS unpriced,
      sum(CASE WHEN g.kind = 'refused' THEN 1 ELSE 0 END) AS refused
    FROM ${dialect.schema}entries s JOIN ${dialect.schema}groups g ON g.id = s.group_id
    WHERE ${where.join(' AND ')}
    GROUP BY ${group.join(', ')}
  `;
  return { text, values };
}

/** Reads a row of {@link selectTallies}. */
export function tallyFromRow(by: readonly string[], row: Row, cost: bigint): Tally {
  return {
    group: by.map((_, index) => textOrNull(row[`group_${index}`])),
    currency: String(row[`group_${by.length}`]),
    cost,
    entries: Number(row['entries']),
    inputTokens: Number(row['input_tokens']),
    outputTokens: Number(row['output_tokens']),
    unpriced: Number(row['unpriced']),
    refused: Number(row['refused']),
  };
}

type Bind = (value: string | number) => string;

function binder({ place }: SqlDialect): { readonly bind: Bind; readonly values: (string | number)[] } {
  const values: (string | number)[] = [];
  return { bind: (value) => place(values.push(value)), values };
}

function groupColumns(by: readonly string[]): string[] {
  return [...by.map((name) => `g.${columns.get(name)}`), 's.currency'];
}

function named(group: readonly string[]): string {
  return group.map((column, index) => `${column} AS group_${index}`).join(', ');
}

/** What of a filter columns of the entries answer. */
function entryConditions(filter: EntryFilter, bind: Bind): string[] {
  const [from, until] = rangeOf(filter);
  const sessions = filter.match?.['sessionId'];
  return [
    ...(filter.from === undefined ? [] : [`e.at >= ${bind(from)}`]),
    ...(filter.until === undefined ? [] : [`e.at < ${bind(until)}`]),
    ...(filter.operationId === undefined ? [] : [`e.operation_id = ${bind(filter.operationId)}`]),
    ...(sessions === undefined ? [] : [oneOf('e.session_id', sessions, bind)]),
    ...groupConditions(filter, bind),
  ];
}

function groupConditions(filter: EntryFilter, bind: Bind): string[] {
  return Object.entries({ ...filter.match, ...(filter.kind !== undefined && { kind: filter.kind }) })
    .filter(([name]) => columns.has(name))
    .map(([name, values]) => oneOf(`g.${columns.get(name)}`, values, bind));
}

function oneOf(column: string, values: readonly string[], bind: Bind): string {
  return values.length === 0 ? 'FALSE' : `${column} IN (${values.map(bind).join(', ')})`;
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
