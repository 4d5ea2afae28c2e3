import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openRedisLedger } from '@genops/ledger/redis';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { holdLivesMs } from './crash-caller.ts';
import { type CrashReport, crashServer, crashWriters, reportCrashes } from './crash-loop.ts';

// `npm run proof:crash -- [--cycles 500] [--stores sqlite,postgres,postgres-server,redis-server]`: kills a writing process
// again and again, or the server under callers that go on, then compares what they had been told with what is there.
const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '500' },
    stores: { type: 'string', default: 'sqlite,postgres,postgres-server,redis-server' },
  },
});
const cycles = Number(values.cycles);
const stores = values.stores.split(',');
const folder = mkdtempSync(join(tmpdir(), 'genops-crash-'));

/** Longer than the holds of the killed processes live. */
const holdsRunOut = () => new Promise((resolve) => setTimeout(resolve, holdLivesMs + 500));

function print(store: string, { acknowledged, lost, vanished, stillHeld, damage }: CrashReport): void {
  const wrong = [...lost, ...vanished, ...stillHeld, ...damage];
  process.stdout.write(
    `${store}: killed ${cycles} times, ${acknowledged} answers; lost ${lost.length}, holds vanished ${vanished.length}, ` +
      `still held ${stillHeld.length}, findings of verify ${damage.length}\n`,
  );
  for (const finding of wrong.slice(0, 10)) process.stdout.write(`  ${finding}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}

if (stores.includes('sqlite')) {
  const path = join(folder, 'ledger.db');
  const notes = join(folder, 'sqlite');
  await crashWriters('sqlite', path, notes, cycles);
  await holdsRunOut();
  const ledger = await openSqliteLedger({ path });
  print('SQLite, writer killed', await reportCrashes(ledger, notes, cycles));
  await ledger.close();
}

if (stores.includes('postgres')) {
  const started = await startPostgres();
  if (started.result === 'unavailable') throw new Error(started.reason);
  const { url } = started.server;
  const schema = `crash_${randomUUID().replaceAll('-', '')}`;
  const notes = join(folder, 'postgres');
  await crashWriters('postgres', JSON.stringify({ url, schema }), notes, cycles);
  await holdsRunOut();
  const pool = new Pool({ connectionString: url, max: 4 });
  const ledger = await openPostgresLedger({ pool, schema, timeoutMs: 60_000 });
  print('Postgres, writer killed', await reportCrashes(ledger, notes, cycles));
  await ledger.close();
  await pool.end();
  await started.server.stop();
}

/** What loses its memory is Redis, or what has to recover is Postgres, while one process goes on. */
async function crashOne(name: 'postgres' | 'redis'): Promise<void> {
  const [postgres, redis] = await Promise.all([
    startPostgres({ ownOnly: true }),
    startRedis({ ownOnly: true }),
  ]);
  if (postgres.result === 'unavailable') throw new Error(postgres.reason);
  if (redis.result === 'unavailable') throw new Error(redis.reason);
  const pool = new Pool({ connectionString: postgres.server.url, max: 4 });
  pool.on('error', () => {});
  const client = new Redis(redis.server.url);
  client.on('error', () => {});
  const options = { pool, timeoutMs: 60_000 };
  const ledger =
    name === 'postgres'
      ? await openPostgresLedger(options)
      : await openRedisLedger({ ...options, redis: client });
  const notes = join(folder, `${name}-server`);
  await crashServer(name === 'postgres' ? postgres.server : redis.server, ledger, notes, cycles);
  await holdsRunOut();
  const title =
    name === 'postgres' ? 'Postgres, server killed' : 'Redis in front of Postgres, Redis killed and empty';
  print(title, await reportCrashes(ledger, notes, cycles));
  await ledger.close();
  client.disconnect();
  await pool.end();
  await postgres.server.stop();
  await redis.server.stop();
}

if (stores.includes('postgres-server')) await crashOne('postgres');
if (stores.includes('redis-server')) await crashOne('redis');
rmSync(folder, { recursive: true });
