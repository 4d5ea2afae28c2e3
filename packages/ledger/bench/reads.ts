import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Ledger } from '@genops/ledger';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openSqliteLedgerReader } from '@genops/ledger/sqlite';
import { startPostgres } from '@genops/ledger/testing/servers';
import { Pool } from 'pg';
import { dayMs, end, loadPostgres, loadSqlite, operationOf } from './load.ts';

// How long questions take on a ledger with many entries: 40 days of them, of 50 teams, 10 models and 1,000 customers.
// `reads.ts [--entries 10000000] [--stores sqlite,postgres]`; ten million take about 10 GB of disk while it runs.

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    stores: { type: 'string', default: 'sqlite' },
  },
});
const total = Number(values.entries);

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function time(name: string, action: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const started = performance.now();
    await action();
    times.push(performance.now() - started);
  }
  const [first = 0] = times;
  times.sort((left, right) => left - right);
  print(
    `  ${name}: ${times[2]?.toFixed(1)} ms (median of 5; first ${first.toFixed(1)}, slowest ${times[4]?.toFixed(1)})`,
  );
}

async function timeQuestions(reader: Pick<Ledger, 'sum' | 'entries'>): Promise<void> {
  const lastDays = (days: number) => ({ from: new Date(end - days * dayMs).toISOString() });
  const entries = (await reader.sum({ by: [] })).reduce((sum, row) => sum + row.entries, 0);
  if (entries !== total) throw new Error(`The sums count ${entries} entries`);
  await time('sum by team for 30 days', () => reader.sum({ by: ['team'], filter: lastDays(30) }));
  await time('sum by team and model for 30 days', () =>
    reader.sum({ by: ['team', 'model'], filter: lastDays(30) }),
  );
  await time('sum of one customer for 30 days', () =>
    reader.sum({ by: [], filter: { ...lastDays(30), match: { customerId: ['customer-7'] } } }),
  );
  await time('30 daily sums by team in a zone of half hours', async () => {
    for (let day = 0; day < 30; day += 1) {
      const from = end - (day + 1) * dayMs + 5.5 * 3_600_000;
      await reader.sum({
        by: ['team'],
        filter: { from: new Date(from).toISOString(), until: new Date(from + dayMs).toISOString() },
      });
    }
  });
  await time('first page of 100 entries', () => reader.entries());
  await time('newest page of 100 entries', () => reader.entries({ order: 'newest_first' }));
  await time('last page of a day of one customer', () =>
    reader.entries({ filter: { ...lastDays(1), match: { customerId: ['customer-7'] } } }),
  );
  await time('one operation', () => reader.entries({ filter: { operationId: operationOf(total - 1) } }));
}

async function timed(load: () => Promise<void>): Promise<string> {
  const started = performance.now();
  await load();
  return `${total} entries, loaded in ${((performance.now() - started) / 1000).toFixed(0)} s`;
}

if (values.stores.includes('sqlite')) {
  const folder = mkdtempSync(join(tmpdir(), 'genops-bench-'));
  try {
    const path = join(folder, 'ledger.db');
    const loaded = await timed(() => loadSqlite(path, total));
    print(`SQLite: ${loaded}, ${(statSync(path).size / 1e9).toFixed(2)} GB`);
    const reader = await openSqliteLedgerReader({ path });
    await timeQuestions(reader);
    await reader.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (values.stores.includes('postgres')) {
  const started = await startPostgres();
  if (started.result === 'unavailable') throw new Error(started.reason);
  const pool = new Pool({ connectionString: started.server.url, max: 4 });
  try {
    const ledger = await openPostgresLedger({ pool });
    const loaded = await timed(() => loadPostgres(ledger, pool, 'genops_ledger', total));
    const { rows } = await pool.query("SELECT pg_database_size('postgres') AS size");
    print(`Postgres: ${loaded}, ${(Number(rows[0].size) / 1e9).toFixed(2)} GB`);
    await timeQuestions(ledger);
    await ledger.close();
  } finally {
    await pool.end();
    await started.server.stop();
  }
}
