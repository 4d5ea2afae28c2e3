import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { Pool } from 'pg';
import type { StoreAddress } from './callers.ts';
import { type ProofReport, proveNoOverspend } from './overspend.ts';

// `npm run proof:overspend -- [--operations 1000000] [--stores sqlite,postgres,redis] [--kill-every-ms 2000] [--leases]`
const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    stores: { type: 'string', default: 'sqlite,postgres,redis' },
    'kill-every-ms': { type: 'string', default: '2000' },
    /** Postgres with headroom that processes hold in advance, instead of the stores. */
    leases: { type: 'boolean', default: false },
  },
});
const load = {
  operations: Number(values.operations),
  callers: 64,
  customers: 1000,
  killEveryMs: Number(values['kill-every-ms']),
};

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printReport(title: string, report: ProofReport): void {
  print(`\n${title}`);
  print(
    `  ${report.operations} operations in ${report.seconds.toFixed(0)} s, ${report.killed} processes killed`,
  );
  print(`  ${report.admitted} admitted, ${report.refused} refused, ${report.unavailable} asked again`);
  print(`  hot budget: ${report.hot.used} used of ${report.hot.amount}`);
  print(`  fullest of ${load.customers} budgets: ${report.customer.used} used of ${report.customer.amount}`);
  print(`  overspent budgets: ${report.overspent.length}, answers above a limit: ${report.over.length}`);
  print(`  phantom holds: ${report.phantoms.length}, findings of verify: ${report.damage.length}`);
  const wrong = [...report.overspent, ...report.over, ...report.phantoms, ...report.damage];
  for (const finding of wrong.slice(0, 10)) print(`    ${finding}`);
  if (wrong.length > 0) process.exitCode = 1;
}

async function onSqlite(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'genops-proof-'));
  const path = join(folder, 'ledger.db');
  const report = await proveNoOverspend({
    ...load,
    processes: 1,
    address: { store: 'sqlite', path },
    open: () => openSqliteLedger({ path }),
  });
  printReport(`SQLite: 1 process × ${load.callers} callers`, report);
  rmSync(folder, { recursive: true });
}

async function onPostgres({ withRedis = false, leases = false } = {}): Promise<void> {
  const postgres = await startPostgres();
  const redis = withRedis ? await startRedis() : undefined;
  if (postgres.result === 'unavailable') throw new Error(postgres.reason);
  if (redis?.result === 'unavailable') throw new Error(redis.reason);
  const { url } = postgres.server;
  const schema = `proof_${randomUUID().replaceAll('-', '')}`;
  const address: StoreAddress =
    redis === undefined
      ? { store: 'postgres', url, schema, leases }
      : { store: 'redis', url, schema, redisUrl: redis.server.url };
  const pool = new Pool({ connectionString: url, max: 4 });
  const processes = 4;
  const report = await proveNoOverspend({
    ...load,
    processes,
    address,
    open: () => openPostgresLedger({ pool, schema, timeoutMs: 60_000 }),
  });
  const name = withRedis ? 'Redis in front of Postgres' : `Postgres${leases ? ' with leases' : ''}`;
  printReport(`${name}: ${processes} processes × ${load.callers} callers`, report);
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
  await postgres.server.stop();
  await redis?.server.stop();
}

const stores = values.stores.split(',');
if (values.leases) await onPostgres({ leases: true });
else {
  if (stores.includes('sqlite')) await onSqlite();
  if (stores.includes('postgres')) await onPostgres();
  if (stores.includes('redis')) await onPostgres({ withRedis: true });
}
