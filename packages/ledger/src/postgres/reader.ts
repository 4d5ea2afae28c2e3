import type { Row } from '../account.ts';
import { entryFromJson } from '../entry.ts';
import { createTallies, entryMatcher, type Tally, tallyOf } from '../entry-query.ts';
import type {
  EntryFilter,
  EntryPage,
  EntryQuery,
  SumQuery,
  SumRow,
  VerifyOptions,
  VerifyResult,
} from '../ledger.ts';
import { anchorFromText, anchorToText } from '../stored/anchor.ts';
import { columnOf, groupDimensions, rollupGrains } from '../stored/dimensions.ts';
import {
  isRolledUp,
  pageSteps,
  type SqlDialect,
  selectEntries,
  selectTallies,
  tallyFromRow,
} from '../stored/entry-sql.ts';
import {
  createDefinitions,
  type Definitions,
  entryDrawsFromJson,
  type HoldRecord,
  holdFromRecord,
} from '../stored/records.ts';
import {
  createChainCheck,
  createFindings,
  mostFindings,
  type StoredEntry,
} from '../stored/verify-entries.ts';
import { textToSubunits } from '../subunits.ts';
import { createCounterCheck } from '../verify-counters.ts';
import type { PostgresClient, PostgresPool } from './client.ts';
import { inTransaction } from './connection.ts';

/** Entries read at once. */
const pageOfEntries = 2000;

const groupColumns = groupDimensions.map((dimension) => `g.${columnOf(dimension)}`);

function dialectOf(schema: string): SqlDialect {
  return {
    place: (number) => `$${number}`,
    schema: `${schema}.`,
    costSums: 'coalesce(sum(s.cost), 0)::text AS cost',
    unknownCost: 's.cost IS NULL',
  };
}

export async function readPage(pool: PostgresPool, schema: string, query: EntryQuery): Promise<EntryPage> {
  const steps = pageSteps(dialectOf(schema), query);
  let step = steps.next([]);
  while (!step.done) {
    const { rows } = await pool.query(step.value.text, step.value.values);
    step = steps.next(rows);
  }
  const { bodies, ...page } = step.value;
  return { ...page, entries: bodies.map(entryFromJson) };
}

export function readSums(
  pool: PostgresPool,
  schema: string,
  { by, filter = {} }: SumQuery,
): Promise<SumRow[]> {
  const dialect = dialectOf(schema);
  return atOneMoment(pool, async (client) => {
    const sums = createTallies(by);
    if (isRolledUp(by, filter)) {
      for (const { text, values } of selectTallies(dialect, by, filter)) {
        const { rows } = await client.query(text, values);
        for (const row of rows) sums.add(tallyFromRow(by, row, textToSubunits(String(row['cost']))));
      }
    } else {
      for await (const tally of tallyEntries(client, dialect, by, filter)) sums.add(tally);
    }
    return sums.rows();
  });
}

/** Dimensions that have no column, such as tags, are read from the entries themselves. */
async function* tallyEntries(
  client: PostgresClient,
  dialect: SqlDialect,
  by: readonly string[],
  filter: EntryFilter,
): AsyncGenerator<Tally> {
  const matches = entryMatcher(filter);
  for (let after = 0; ; ) {
    const { text, values } = selectEntries(dialect, filter, {
      order: 'oldest_first',
      after,
      limit: pageOfEntries,
    });
    const { rows } = await client.query(text, values);
    for (const row of rows) {
      const entry = entryFromJson(String(row['body']));
      if (matches(entry)) yield tallyOf(by, entry);
      after = Number(row['seq']);
    }
    if (rows.length < pageOfEntries) return;
  }
}

/** Recomputes the chain, the columns, the roll-ups and the counters from what the entries say. */
export async function verify(
  pool: PostgresPool,
  schema: string,
  { anchor }: VerifyOptions = {},
): Promise<VerifyResult> {
  const from = anchor === undefined ? undefined : anchorFromText(anchor);
  return atOneMoment(pool, async (client) => {
    const { find, findings } = createFindings();
    const counters = createCounterCheck();
    const definitions = await readDefinitions(client, schema);
    const { rows: retired } = await client.query(`SELECT * FROM ${schema}.retired`);
    const chain = createChainCheck(
      retired.map((run) => ({
        fromSeq: Number(run['from_seq']),
        untilSeq: Number(run['until_seq']),
        lastHash: String(run['last_hash']),
      })),
      from,
      find,
    );
    for await (const entry of eachEntry(client, schema)) {
      chain.add(entry);
      counters.addEntry(entryDrawsFromJson(entry.draws, definitions.limitOf));
    }
    const { rows: head } = await client.query(`SELECT seq, hash FROM ${schema}.head`);
    const end = chain.end(Number(head[0]?.['seq']), String(head[0]?.['hash']));
    for (const record of await readHolds(client, schema)) {
      counters.addHold(holdFromRecord(record, definitions).draws);
    }
    for (const { account, start, settled } of await readRetiredCounters(client, schema)) {
      counters.addRetired(account, start, settled);
    }
    for (const finding of counters.compare(await readCounters(client, schema))) find(finding);
    if (retired.length === 0) await verifyRollups(client, schema, find);
    return {
      result: findings.length === 0 ? 'intact' : 'damaged',
      entries: chain.entries(),
      findings,
      anchor: anchorToText(end),
    };
  });
}

export async function readDefinitions(client: PostgresClient, schema: string): Promise<Definitions> {
  const { rows } = await client.query(`SELECT id, definition FROM ${schema}.limit_definitions ORDER BY id`);
  const definitions = createDefinitions();
  definitions.learn(rows.map(({ id, definition }) => [Number(id), String(definition)] as const));
  return definitions;
}

/** Every entry in the order in which they were written, read piece by piece. */
export async function* eachEntry(client: PostgresClient, schema: string): AsyncGenerator<StoredEntry> {
  for (let after = 0; ; ) {
    const { rows } = await client.query(
      `SELECT e.*, json_build_array(${groupColumns.join(', ')}) AS group_values
       FROM ${schema}.entries e LEFT JOIN ${schema}.groups g ON g.id = e.group_id
       WHERE e.seq > $1 ORDER BY e.seq LIMIT ${pageOfEntries}`,
      [after],
    );
    for (const row of rows) {
      after = Number(row['seq']);
      yield {
        seq: after,
        body: String(row['body']),
        draws: String(row['draws']),
        hash: String(row['hash']),
        columns: {
          id: row['id'],
          operationId: row['operation_id'],
          at: Number(row['at']),
          currency: row['currency'],
          cost: row['cost'] === null ? undefined : textToSubunits(String(row['cost'])),
          inputTokens: Number(row['input_tokens']),
          outputTokens: Number(row['output_tokens']),
          sessionId: row['session_id'],
          corrects: row['corrects'],
          group: row['group_values'] as unknown[],
        },
      };
    }
    if (rows.length < pageOfEntries) return;
  }
}

export async function readHolds(client: PostgresClient, schema: string): Promise<HoldRecord[]> {
  return (await client.query(`SELECT * FROM ${schema}.holds`)).rows.map(toHoldRecord);
}

export async function readCounters(client: PostgresClient, schema: string): Promise<Row[]> {
  const { rows } = await client.query(
    `SELECT account, start, settled::text, held::text, told FROM ${schema}.counters`,
  );
  return rows.map(({ account, start, settled, held, told }) => ({
    account: String(account),
    start: Number(start),
    settled: textToSubunits(String(settled)),
    held: textToSubunits(String(held)),
    told: Number(told),
  }));
}

export async function readRetiredCounters(
  client: PostgresClient,
  schema: string,
): Promise<Pick<Row, 'account' | 'start' | 'settled'>[]> {
  const { rows } = await client.query(`SELECT account, start, settled::text FROM ${schema}.retired_counters`);
  return rows.map(({ account, start, settled }) => ({
    account: String(account),
    start: Number(start),
    settled: textToSubunits(String(settled)),
  }));
}

/** Entries summed up again must give each roll-up; where entries were taken out, they cannot any more. */
async function verifyRollups(
  client: PostgresClient,
  schema: string,
  find: (sentence: string) => void,
): Promise<void> {
  for (const grain of Object.values(rollupGrains)) {
    const { rows } = await client.query(
      `
      SELECT start FROM (
        SELECT floor(at / $1::numeric)::bigint * $1 AS start, group_id, currency, 1 AS entries, coalesce(cost, 0) AS cost,
          input_tokens, output_tokens, CASE WHEN cost IS NULL THEN 1 ELSE 0 END AS unpriced,
          CASE WHEN g.kind = 'refused' THEN 1 ELSE 0 END AS refused
        FROM ${schema}.entries JOIN ${schema}.groups g ON g.id = group_id
        WHERE seq <= (SELECT until_seq FROM ${schema}.rolled_up)
        UNION ALL
        SELECT start, group_id, currency, -entries, -cost, -input_tokens, -output_tokens, -unpriced, -refused
        FROM ${schema}.rollups WHERE grain = $1
      ) both_ways
      GROUP BY start, group_id, currency
      HAVING sum(entries) <> 0 OR sum(cost) <> 0 OR sum(input_tokens) <> 0 OR sum(output_tokens) <> 0 OR sum(unpriced) <> 0
        OR sum(refused) <> 0
      LIMIT ${mostFindings}
      `,
      [grain],
    );
    for (const { start } of rows) {
      find(`The sums from ${new Date(Number(start)).toISOString()} differ from their entries`);
    }
  }
}

function toHoldRecord(row: Readonly<Record<string, unknown>>): HoldRecord {
  const number = (name: string): number | null => (row[name] === null ? null : Number(row[name]));
  return [
    String(row['id']),
    Number(row['at']),
    Number(row['expires_at']),
    Number(row['expires_in_ms']),
    number('clamp_steps'),
    number('granted'),
    String(row['draws']),
    String(row['entry']),
  ];
}

/** Several statements see the same state of the store, whatever is written meanwhile. */
function atOneMoment<Result>(
  pool: PostgresPool,
  read: (client: PostgresClient) => Promise<Result>,
): Promise<Result> {
  return inTransaction(pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', read);
}
