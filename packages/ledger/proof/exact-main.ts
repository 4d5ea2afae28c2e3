import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Ledger } from '@genops/ledger';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openRedisLedger } from '@genops/ledger/redis';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { sumExactly } from './exact.ts';

// `npm run proof:exact -- [--amounts 1000000] [--stores memory,sqlite,postgres,redis]`: records that many odd amounts in
// each store and compares what it says of their sum with that of the integers.
const { values } = parseArgs({
  options: {
    amounts: { type: 'string', default: '1000000' },
    stores: { type: 'string', default: 'memory,sqlite,postgres,redis' },
  },
});

async function prove(name: string, ledger: Ledger): Promise<void> {
  const started = performance.now();
  const { amounts, expected, total, byTeam, entries } = await sumExactly(ledger, Number(values.amounts));
  const { findings } = await ledger.verify();
  const exact = total === expected && byTeam === expected && entries === amounts && findings.length === 0;
  if (!exact) process.exitCode = 1;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(
    `${name}: ${amounts} odd amounts in ${seconds} s; sum of the integers ${expected}, of the ledger ${total}, ` +
      `of its teams ${byTeam}; findings of verify ${findings.length}: ${exact ? 'equal' : 'DIFFERENT'}\n`,
  );
  await ledger.close();
}

if (values.stores.includes('memory')) await prove('memory', createMemoryLedger());

if (values.stores.includes('sqlite')) {
  const folder = mkdtempSync(join(tmpdir(), 'genops-exact-'));
  await prove('SQLite', await openSqliteLedger({ path: join(folder, 'ledger.db'), timeoutMs: 60_000 }));
  rmSync(folder, { recursive: true });
}

if (values.stores.includes('postgres') || values.stores.includes('redis')) {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  if (postgres.result === 'unavailable') throw new Error(postgres.reason);
  if (redis.result === 'unavailable') throw new Error(redis.reason);
  const pool = new Pool({ connectionString: postgres.server.url, max: 4 });
  const timeoutMs = 60_000;
  if (values.stores.includes('postgres')) {
    await prove('Postgres', await openPostgresLedger({ pool, schema: 'exact_postgres', timeoutMs }));
  }
  if (values.stores.includes('redis')) {
    const client = new Redis(redis.server.url);
    const ledger = await openRedisLedger({ pool, schema: 'exact_redis', timeoutMs, redis: client });
    await prove('Redis in front of Postgres', ledger);
    client.disconnect();
  }
  await pool.end();
  await postgres.server.stop();
  await redis.server.stop();
}
