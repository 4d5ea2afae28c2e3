import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { startPostgres } from '@genops/ledger/testing/servers';
import { Pool } from 'pg';
import { type CrashReport, crashWriters, reportCrashes } from './crash-loop.ts';

// `node proof/crash.ts [--cycles 500] [--stores sqlite,postgres]`: kills a writing process again and again, then
// compares what it had been told with what is there.
const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '500' },
    stores: { type: 'string', default: 'sqlite,postgres' },
  },
});
const cycles = Number(values.cycles);
const folder = mkdtempSync(join(tmpdir(), 'genops-crash-'));

/** Longer than the holds of the killed processes live. */
const holdsRunOut = () => new Promise((resolve) => setTimeout(resolve, 2500));

function print(store: string, { acknowledged, lost, vanished, stillHeld, damage }: CrashReport): void {
  const wrong = [...lost, ...vanished, ...stillHeld, ...damage];
  process.stdout.write(
    `${store}: killed ${cycles} times, ${acknowledged} answers; lost ${lost.length}, holds vanished ${vanished.length}, ` +
      `still held ${stillHeld.length}, findings of verify ${damage.length}\n`,
  );
  for (const finding of wrong.slice(0, 10)) process.stdout.write(`  ${finding}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}

if (values.stores.includes('sqlite')) {
  const path = join(folder, 'ledger.db');
  const notes = join(folder, 'sqlite');
  await crashWriters('sqlite', path, notes, cycles);
  await holdsRunOut();
  const ledger = await openSqliteLedger({ path });
  print('SQLite', await reportCrashes(ledger, notes, cycles));
  await ledger.close();
}

if (values.stores.includes('postgres')) {
  const started = await startPostgres();
  if (started.result === 'unavailable') throw new Error(started.reason);
  const { url } = started.server;
  const schema = `crash_${randomUUID().replaceAll('-', '')}`;
  const notes = join(folder, 'postgres');
  await crashWriters('postgres', JSON.stringify({ url, schema }), notes, cycles);
  await holdsRunOut();
  const pool = new Pool({ connectionString: url, max: 4 });
  const ledger = await openPostgresLedger({ pool, schema, timeoutMs: 60_000 });
  print('Postgres', await reportCrashes(ledger, notes, cycles));
  await ledger.close();
  await pool.end();
  await started.server.stop();
}
rmSync(folder, { recursive: true });
