import { createHash, hash } from 'node:crypto';
import type { Row } from '../account.ts';
import { newestRows } from '../book/forget.ts';
import { columnOf, groupDimensions } from '../stored/dimensions.ts';
import { readFacts } from '../stored/entry-facts.ts';
import type { Changes } from '../stored/pending.ts';
import type { DefinitionRecord, EntryRecord, HoldRecord } from '../stored/records.ts';
import { subunitsToText, textToSubunits } from '../subunits.ts';
import type { PostgresClient, PostgresPool } from './client.ts';

/** What operations need to know before they can be carried out. */
export interface Wants {
  /** Of holds and entries. */
  readonly ids: ReadonlySet<string>;
  readonly accounts: ReadonlySet<string>;
  /** Limit definitions up to this number are known. */
  readonly definitionsFrom: number;
  /** Rows of accounts that are older than the newest. */
  readonly rows: ReadonlyMap<string, readonly [account: string, start: number]>;
}

/** Part of the store at one moment. */
export interface Snapshot {
  readonly head: Head;
  /** The store's clock, in milliseconds since 1970. */
  readonly now: number;
  /** When the next hold that is not in here falls due; absent when none is. */
  readonly nextExpiry: number | undefined;
  /** Those asked for, and those whose time is over. */
  readonly holds: readonly HoldRecord[];
  readonly entries: readonly (readonly [id: string, ...EntryRecord])[];
  readonly corrections: readonly (readonly [corrects: string, ...EntryRecord])[];
  readonly rows: readonly Row[];
  /** The first window ever counted in, by account; `undefined` for accounts that do not exist. */
  readonly since: ReadonlyMap<string, number>;
  readonly definitions: readonly DefinitionRecord[];
}

/** Where the ledger ends. */
export interface Head {
  /** Counts every commit. */
  readonly version: bigint;
  readonly seq: number;
  readonly hash: string;
}

/** Holds whose time is over that are read at once. */
const mostDue = 500;

/** Reads everything wanted in one statement, so that all of it is of the same moment. */
export async function readSnapshot(
  client: PostgresClient,
  schema: string,
  wants: Wants,
  now: number | undefined,
): Promise<Snapshot> {
  const { rows } = await client.query(snapshotText(schema), [
    [...wants.ids],
    [...wants.accounts],
    Array.from(wants.rows.values(), ([account]) => account),
    Array.from(wants.rows.values(), ([, start]) => start),
    now ?? null,
    wants.definitionsFrom,
  ]);
  const all = rows[0]?.['snapshot'] as SnapshotJson;
  return {
    head: { version: BigInt(all.head.version), seq: Number(all.head.seq), hash: all.head.hash },
    now: all.now,
    nextExpiry: all.next_expiry ?? undefined,
    holds: all.holds ?? [],
    entries: all.entries ?? [],
    corrections: all.corrections ?? [],
    rows: (all.rows ?? []).map(([account, start, settled, held, told]) => ({
      account,
      start,
      settled: textToSubunits(settled),
      held: textToSubunits(held),
      told,
    })),
    since: new Map((all.since ?? []).map(([account, start]) => [account, start])),
    definitions: all.definitions ?? [],
  };
}

interface SnapshotJson {
  readonly head: { readonly version: string; readonly seq: string; readonly hash: string };
  readonly now: number;
  readonly next_expiry: number | null;
  readonly holds: HoldRecord[] | null;
  readonly entries: (readonly [string, string, string])[] | null;
  readonly corrections: (readonly [string, string, string])[] | null;
  readonly rows:
    | (readonly [account: string, start: number, settled: string, held: string, told: number])[]
    | null;
  readonly since: (readonly [account: string, start: number])[] | null;
  readonly definitions: DefinitionRecord[] | null;
}

const storeClock = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

function snapshotText(schema: string): string {
  return `
    WITH moment AS MATERIALIZED (SELECT coalesce($5::bigint, ${storeClock}) AS now),
    due AS (
      SELECT id FROM ${schema}.holds WHERE expires_at <= (SELECT now FROM moment) ORDER BY expires_at LIMIT ${mostDue}
    ),
    wanted AS MATERIALIZED (
      SELECT * FROM ${schema}.holds WHERE id = ANY($1::text[]) OR id IN (SELECT id FROM due)
    ),
    account_names AS MATERIALIZED (
      SELECT DISTINCT account FROM (
        SELECT unnest($2::text[]) AS account UNION ALL SELECT unnest(accounts) FROM wanted
      ) names
    ),
    counted AS (
      SELECT newest.* FROM account_names n CROSS JOIN LATERAL (
        SELECT c.* FROM ${schema}.counters c WHERE c.account = n.account ORDER BY c.start DESC LIMIT ${newestRows}
      ) newest
      UNION
      SELECT c.* FROM ${schema}.counters c
        JOIN unnest($3::text[], $4::bigint[]) AS older (account, start) USING (account, start)
    )
    SELECT json_build_object(
      'head', (SELECT json_build_object('version', version::text, 'seq', seq::text, 'hash', hash) FROM ${schema}.head),
      'now', (SELECT now FROM moment),
      'next_expiry', (SELECT min(expires_at) FROM ${schema}.holds WHERE id NOT IN (SELECT id FROM wanted)),
      'holds', (SELECT json_agg(json_build_array(
        id, at, expires_at, expires_in_ms, clamp_steps, granted, draws, entry) ORDER BY expires_at, id) FROM wanted),
      'entries', (SELECT json_agg(json_build_array(id, body, draws))
        FROM ${schema}.entries WHERE id = ANY($1::text[])),
      'corrections', (SELECT json_agg(json_build_array(corrects, body, draws) ORDER BY seq)
        FROM ${schema}.entries WHERE corrects = ANY($1::text[])),
      'rows', (SELECT json_agg(json_build_array(account, start, settled::text, held::text, told)) FROM counted),
      'since', (SELECT json_agg(json_build_array(n.account, f.start)) FROM account_names n CROSS JOIN LATERAL (
        SELECT c.start FROM ${schema}.counters c WHERE c.account = n.account ORDER BY c.start LIMIT 1) f),
      'definitions', (SELECT json_agg(json_build_array(id, definition) ORDER BY id)
        FROM ${schema}.limit_definitions WHERE id > $6)
    ) AS snapshot
  `;
}

export type Commit =
  | { readonly result: 'written'; readonly head: Head; readonly now: number }
  | { readonly result: 'stale' };

/**
 * Writes changes in one statement, and only if the store is still as it was at `head`: all of them or none.
 */
export async function writeChanges(
  client: PostgresClient,
  schema: string,
  head: Head,
  changes: Changes,
): Promise<Commit> {
  const { definitions, holds, accounts, shrunk, ended, entries, rows } = changes;
  let { seq, hash: chained } = head;
  const groups = new Map<string, readonly (string | null)[]>();
  const written = entries.map(([body, draws]) => {
    const facts = readFacts(body);
    const groupId = groupIdOf(facts.group);
    groups.set(groupId, facts.group);
    seq += 1;
    chained = hash('sha256', `${chained}\n${body}\n${draws}`);
    return { seq, facts, groupId, body, draws, hash: chained };
  });
  const column = <Record, Value>(records: readonly Record[], read: (record: Record) => Value): Value[] =>
    records.map(read);
  const { rows: answer } = await client.query(commitText(schema), [
    head.version.toString(),
    seq,
    chained,
    column(definitions, ([id]) => id),
    column(definitions, ([, definition]) => definition),
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((field) => column(holds, (record) => record[field])),
    column(accounts, (names) => JSON.stringify(names)),
    ended,
    column(rows, ({ account }) => account),
    column(rows, ({ start }) => start),
    column(rows, ({ settled }) => subunitsToText(settled)),
    column(rows, ({ held }) => subunitsToText(held)),
    column(rows, ({ told }) => told),
    [...groups.keys()],
    JSON.stringify([...groups.values()]),
    column(written, (entry) => entry.seq),
    column(written, ({ facts }) => facts.id),
    column(written, ({ facts }) => facts.operationId),
    column(written, ({ facts }) => facts.at),
    column(written, ({ groupId }) => groupId),
    column(written, ({ facts }) => facts.sessionId),
    column(written, ({ facts }) => facts.corrects),
    column(written, ({ facts }) => facts.currency),
    column(written, ({ facts }) => (facts.cost === undefined ? null : subunitsToText(facts.cost))),
    column(written, ({ facts }) => facts.inputTokens),
    column(written, ({ facts }) => facts.outputTokens),
    column(written, ({ body }) => body),
    column(written, ({ draws }) => draws),
    column(written, (entry) => entry.hash),
    column(shrunk, ([id]) => id),
    column(shrunk, ([, , , , , , draws]) => draws),
  ]);
  const [row] = answer;
  if (row === undefined) return { result: 'stale' };
  return {
    result: 'written',
    head: { version: head.version + 1n, seq, hash: chained },
    now: Number(row['now']),
  };
}

/** The same group has the same id in every replica, without asking. */
function groupIdOf(group: readonly (string | null)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(group)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Everything hangs on `head`: when its version has moved on, no part of the statement finds anything to do. */
function commitText(schema: string): string {
  const groupColumns = groupDimensions.map(columnOf);
  return `
    WITH head AS (
      UPDATE ${schema}.head SET version = version + 1, seq = $2, hash = $3
      WHERE version = $1 AND NOT EXISTS (SELECT 1 FROM ${schema}.entries WHERE id = ANY($6::text[]))
      RETURNING version
    ),
    added_definitions AS (
      INSERT INTO ${schema}.limit_definitions
      SELECT d.* FROM head, unnest($4::integer[], $5::text[]) AS d
    ),
    ended AS (DELETE FROM ${schema}.holds USING head WHERE id = ANY($15::text[])),
    shrunk AS (
      UPDATE ${schema}.holds SET draws = s.draws
      FROM head, unnest($37::text[], $38::text[]) AS s (id, draws) WHERE holds.id = s.id
    ),
    held AS (
      INSERT INTO ${schema}.holds
      SELECT h.id, h.at, h.expires_at, h.expires_in_ms, h.clamp_steps, h.granted, h.draws, h.entry,
        ARRAY(SELECT json_array_elements_text(h.accounts::json))
      FROM head, unnest($6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
        $12::text[], $13::text[], $14::text[])
        AS h (id, at, expires_at, expires_in_ms, clamp_steps, granted, draws, entry, accounts)
    ),
    counted AS (
      INSERT INTO ${schema}.counters AS c (account, start, settled, held, told)
      SELECT r.* FROM head, unnest($16::text[], $17::bigint[], $18::numeric[], $19::numeric[], $20::integer[]) AS r
      ON CONFLICT (account, start) DO UPDATE
        SET settled = excluded.settled, held = excluded.held, told = excluded.told
    ),
    grouped AS (
      INSERT INTO ${schema}.groups (id, ${groupColumns.join(', ')})
      SELECT g.id, ${groupColumns.map((_, index) => `g.columns ->> ${index}`).join(', ')}
      FROM head, unnest($21::uuid[], ARRAY(SELECT json_array_elements($22::json))) AS g (id, columns)
      ON CONFLICT DO NOTHING
    ),
    recorded AS (
      INSERT INTO ${schema}.entries
      SELECT e.* FROM head, unnest($23::bigint[], $24::text[], $25::text[], $26::bigint[], $27::uuid[], $28::text[],
        $29::text[], $30::text[], $31::numeric[], $32::bigint[], $33::bigint[], $34::text[], $35::text[], $36::text[]) AS e
    )
    SELECT version, ${storeClock} AS now FROM head
  `;
}

/** @returns whether the store is still as it was at `head`, and its clock */
export async function confirm(
  client: PostgresClient,
  schema: string,
  head: Head,
): Promise<{ readonly same: boolean; readonly now: number }> {
  const { rows } = await client.query(
    `SELECT version::text AS version, ${storeClock} AS now FROM ${schema}.head`,
  );
  return { same: rows[0]?.['version'] === head.version.toString(), now: Number(rows[0]?.['now']) };
}

/** Entries that may be newer than the roll-ups. */
export const mostUnrolled = 5000;

/** Brings the roll-ups up to `until`. Safe to run in any number of places: one does it, the others find it done. */
export async function rollUp(
  client: PostgresPool,
  schema: string,
  until: number,
  grains: readonly number[],
): Promise<void> {
  await client.query(
    `
    WITH progress AS (SELECT until_seq AS from_seq FROM ${schema}.rolled_up WHERE until_seq < $1 FOR UPDATE),
    moved AS (UPDATE ${schema}.rolled_up SET until_seq = $1 FROM progress),
    sums AS (
      SELECT g.grain, floor(e.at / g.grain::numeric)::bigint * g.grain AS start, e.group_id, e.currency,
        count(*) AS entries, coalesce(sum(e.cost), 0) AS cost, sum(e.input_tokens) AS input_tokens,
        sum(e.output_tokens) AS output_tokens, count(*) FILTER (WHERE e.cost IS NULL) AS unpriced,
        count(*) FILTER (WHERE d.kind = 'refused') AS refused
      FROM progress
      JOIN ${schema}.entries e ON e.seq > progress.from_seq AND e.seq <= $1
      JOIN ${schema}.groups d ON d.id = e.group_id
      CROSS JOIN unnest($2::bigint[]) AS g (grain)
      GROUP BY 1, 2, 3, 4
    )
    INSERT INTO ${schema}.rollups AS r
    SELECT * FROM sums
    ON CONFLICT (grain, start, group_id, currency) DO UPDATE SET
      entries = r.entries + excluded.entries,
      cost = r.cost + excluded.cost,
      input_tokens = r.input_tokens + excluded.input_tokens,
      output_tokens = r.output_tokens + excluded.output_tokens,
      unpriced = r.unpriced + excluded.unpriced,
      refused = r.refused + excluded.refused
    `,
    [until, grains],
  );
}
