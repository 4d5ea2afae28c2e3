import { DatabaseSync } from 'node:sqlite';
import { type LedgerEntry, money } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import type { Pool } from 'pg';
import { rollUp } from '../src/postgres/store.ts';
import { rollupGrains } from '../src/stored/dimensions.ts';

// Fills a ledger fast: the first thousand entries are recorded as any others, and the rest are copies of them in
// the same tables, with ids and times of their own, made by the database. The roll-ups are the real ones, summed up
// by the ledger from these entries. Only the hash chain is not: nothing that is timed reads it.

export const dayMs = 86_400_000;
export const end = Date.parse('2026-08-01T00:00:00Z');
const days = 40;
const start = end - days * dayMs;

/** Of different team, model and customer. */
const samples = 1000;

function secondsOf(number: number, total: number): number {
  return Math.floor((number * days * 86_400) / total);
}

function entryOf(number: number, total: number): LedgerEntry {
  const at = new Date(start + secondsOf(number, total) * 1000).toISOString();
  const operationId = operationOf(number);
  return {
    id: `${operationId}.1`,
    kind: 'settled',
    at,
    endedAt: at,
    operationId,
    attempt: 1,
    provider: 'openai',
    operation: 'chat',
    requestModel: `model-${number % 10}`,
    stream: false,
    attribution: { team: `team-${(number * 7) % 50}`, customerId: `customer-${(number * 919) % 1000}` },
    decision: { verdict: 'allowed', rules: [], limits: [] },
    usage: { inputTokens: 1000, outputTokens: 100 },
    cost: { result: 'priced', total: money('0.000123456789'), lines: [], basis: 'computed' },
    outcome: 'completed',
    status: 200,
  };
}

export function operationOf(number: number): string {
  return `entry-${String(number).padStart(12, '0')}`;
}

async function recordSamples(ledger: Ledger, total: number): Promise<void> {
  const numbers = Array.from({ length: samples }, (_, number) => number);
  for (const number of numbers) {
    const recorded = await ledger.record(entryOf(number, total));
    if (recorded.result !== 'recorded') throw new Error(recorded.message);
  }
}

export async function loadSqlite(path: string, total: number): Promise<void> {
  const ledger = await openSqliteLedger({ path, waitForDiskOn: 'here' });
  await recordSamples(ledger, total);
  await ledger.close();
  const database = new DatabaseSync(path);
  // Nobody misses this file when the power fails.
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144');
  database.exec(`
    BEGIN;
    CREATE TEMP TABLE sample AS SELECT *, body ->> '$.at' AS at_text FROM entries;
    CREATE UNIQUE INDEX temp.sample_seq ON sample (seq);
    WITH RECURSIVE numbers (n) AS (
      VALUES (${samples}) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${total}
    ),
    placed AS (
      SELECT n, printf('entry-%012d', n) AS operation, ${start / 1000} + n * ${days * 86_400} / ${total} AS second FROM numbers
    )
    INSERT INTO main.entries
    SELECT n + 1, operation || '.1', operation, second * 1000, s.group_id, s.session_id, s.corrects, s.currency,
      s.cost_whole, s.cost_fraction, s.input_tokens, s.output_tokens,
      replace(replace(s.body, s.operation_id, operation), s.at_text, strftime('%Y-%m-%dT%H:%M:%S.000Z', second, 'unixepoch')),
      s.draws, s.hash
    FROM placed JOIN sample s ON s.seq = 1 + n % ${samples};
    UPDATE head SET seq = ${total};
    COMMIT;
    PRAGMA journal_mode = WAL;
  `);
  database.close();
  // Opening it sums up what is not summed up yet.
  await (await openSqliteLedger({ path, waitForDiskOn: 'here' })).close();
}

/** Rows that one statement makes. */
const chunk = 500_000;

export async function loadPostgres(ledger: Ledger, pool: Pool, schema: string, total: number): Promise<void> {
  await recordSamples(ledger, total);
  await pool.query(`
    CREATE UNLOGGED TABLE ${schema}.sample AS SELECT *, body::json ->> 'at' AS at_text FROM ${schema}.entries;
    CREATE UNIQUE INDEX ON ${schema}.sample (seq);
  `);
  for (let from = samples; from < total; from += chunk) {
    const until = Math.min(from + chunk, total);
    await pool.query(`
      INSERT INTO ${schema}.entries
      SELECT n + 1, operation || '.1', operation, second * 1000, s.group_id, s.session_id, s.corrects, s.currency, s.cost,
        s.input_tokens, s.output_tokens,
        replace(replace(s.body, s.operation_id, operation), s.at_text,
          to_char(to_timestamp(second) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"')),
        s.draws, s.hash
      FROM (
        SELECT n, 'entry-' || lpad(n::text, 12, '0') AS operation,
          ${start / 1000} + n * ${days * 86_400} / ${total} AS second
        FROM generate_series(${from}::bigint, ${until - 1}) AS n
      ) placed JOIN ${schema}.sample s ON s.seq = 1 + n % ${samples}
    `);
    await rollUp(pool, schema, until, Object.values(rollupGrains));
  }
  await pool.query(
    `DROP TABLE ${schema}.sample; UPDATE ${schema}.head SET seq = ${total}, version = version + 1`,
  );
  await pool.query('VACUUM ANALYZE');
}
