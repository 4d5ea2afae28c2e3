import { randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decimal, type Limit, money } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openPostgresLedger, type PostgresLedgerOptions } from '@genops/ledger/postgres';
import { openRedisLedger } from '@genops/ledger/redis';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { Redis } from 'ioredis';
import { Pool } from 'pg';

// How many calls per second a ledger reserves and settles, each on two budgets, beside how many commits per second
// its store makes of one small row each. Everything in one run on one machine: compare only within a run.

const calls = Number(process.argv[2] ?? 30_000);
if (!(calls > 0)) throw new Error('usage: throughput.ts [calls]');
const callers = 128;

const team: Limit = {
  id: 'team-monthly',
  unit: 'money',
  amount: '1000000',
  window: { kind: 'calendar', period: 'month' },
  scope: {},
  mode: 'enforced',
  thresholds: [50, 80, 100],
};
const company: Limit = { ...team, id: 'company-monthly', amount: '10000000' };
const bound = new Decimal('0.0123');
const actual = new Decimal('0.00415');
const run = Date.now();

/** @returns for how many milliseconds the call was kept waiting before it could begin */
async function oneCall(ledger: Ledger, number: number): Promise<number> {
  const id = `${run}-${String(number).padStart(9, '0')}.1`;
  const entry = {
    operationId: id.slice(0, -2),
    attempt: 1,
    provider: 'openai',
    operation: 'chat',
    requestModel: 'gpt-4o-mini',
    stream: false,
    attribution: { team: 'search', project: 'answers', customerId: `c${number % 100}` },
    decision: { verdict: 'allowed', rules: ['default'], limits: [] },
    held: money(bound),
  } as const;
  const asked = performance.now();
  const held = await ledger.reserve({
    id,
    draws: [
      { limit: team, bucket: 'team=search', amount: bound },
      { limit: company, bucket: '', amount: bound },
    ],
    expiresInMs: 600_000,
    entry,
  });
  const waited = performance.now() - asked;
  if (held.result !== 'held') throw new Error(JSON.stringify(held));
  await ledger.settle({
    id,
    amounts: [actual, actual],
    entry: {
      ...entry,
      decision: { ...entry.decision, limits: held.states },
      usage: { inputTokens: 1000, outputTokens: 200 },
      cost: {
        result: 'priced',
        total: money(actual),
        basis: 'computed',
        lines: [
          { meter: 'input', quantity: '1000', unitPrice: '0.15', per: '1000000', subtotal: money('0.00015') },
          { meter: 'output', quantity: '200', unitPrice: '0.6', per: '1000000', subtotal: money('0.00012') },
        ],
      },
      outcome: 'completed',
      status: 200,
    },
  });
  return waited;
}

interface Rate {
  readonly perSecond: number;
  /** Median wait for a hold, in milliseconds. */
  readonly waitMs: number;
}

async function callsPerSecond(ledger: Ledger, total: number): Promise<Rate> {
  let next = 0;
  const waits: number[] = [];
  const started = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < total) waits.push(await oneCall(ledger, next++));
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await ledger.close();
  waits.sort((left, right) => left - right);
  return { perSecond: total / seconds, waitMs: waits[Math.floor(waits.length / 2)] ?? 0 };
}

/** One after another, each waiting for the one before. */
async function perSecond(commit: () => unknown): Promise<number> {
  const started = performance.now();
  let commits = 0;
  for (; performance.now() - started < 2000; commits += 1) await commit();
  return commits / ((performance.now() - started) / 1000);
}

function print(
  name: string,
  { perSecond: rate, waitMs }: Rate,
  raw?: { readonly what: string; readonly rate: number },
): void {
  const beside =
    raw === undefined
      ? '; it commits nothing'
      : `; ${raw.what}: ${Math.round(raw.rate)}/s, ratio ${(rate / raw.rate).toFixed(2)}`;
  process.stdout.write(
    `${name}: ${Math.round(rate)} calls/s reserved and settled, ${waitMs.toFixed(2)} ms for a hold${beside}\n`,
  );
}

print('memory', await callsPerSecond(createMemoryLedger(), calls * 2));

const folder = mkdtempSync(join(tmpdir(), 'genops-bench-'));
const file = openSync(join(folder, 'raw'), 'w');
const raw = await perSecond(() => {
  writeSync(file, 'x'.repeat(4096));
  fdatasyncSync(file);
});
closeSync(file);
const sqlite = await openSqliteLedger({ path: join(folder, 'ledger.db') });
print('SQLite', await callsPerSecond(sqlite, calls), { what: 'raw synced writes of 4 KiB', rate: raw });
rmSync(folder, { recursive: true });

const [postgres, redis] = await Promise.all([startPostgres({ keepsOnPowerLoss: true }), startRedis()]);
if (postgres.result === 'started') {
  const { url } = postgres.server;
  const pool = new Pool({ connectionString: url, max: 8 });
  await pool.query('CREATE TABLE raw (a text)');
  const commits = await perSecond(() => pool.query("INSERT INTO raw VALUES ('x')"));
  const beside = { what: 'raw commits', rate: commits };
  const open = (options: Pick<PostgresLedgerOptions, 'leases'> = {}) =>
    openPostgresLedger({ pool, schema: `bench_${randomUUID().replaceAll('-', '')}`, ...options });
  print('Postgres', await callsPerSecond(await open(), calls), beside);
  print('Postgres with leases', await callsPerSecond(await open({ leases: {} }), calls), beside);
  if (redis.result === 'started') {
    const client = new Redis(redis.server.url);
    const schema = `bench_${randomUUID().replaceAll('-', '')}`;
    print(
      'Redis in front of Postgres',
      await callsPerSecond(await openRedisLedger({ pool, schema, redis: client }), calls),
      beside,
    );
    client.disconnect();
    await redis.server.stop();
  }
  await pool.end();
  await postgres.server.stop();
}
