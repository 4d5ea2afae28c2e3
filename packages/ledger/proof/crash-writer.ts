import { appendFileSync } from 'node:fs';
import type { Ledger } from '@genops/ledger';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { Pool } from 'pg';
import { callUntilTheEnd } from './crash-caller.ts';

// A process that uses a ledger until it is killed, and notes what it was told: one line for each answer, written
// before anything is done with it. `crash-writer.ts <store> <where> <notes> <round>`
const [store = '', where = '', notes = '', round = ''] = process.argv.slice(2);

function open(): Promise<Ledger> {
  if (store === 'sqlite') return openSqliteLedger({ path: where });
  const { url, schema } = JSON.parse(where) as { url: string; schema: string };
  const pool = new Pool({ connectionString: url, max: 4 });
  pool.on('error', () => {});
  return openPostgresLedger({ pool, schema });
}

const ledger = await open();
process.send?.('ready');
await callUntilTheEnd({
  ledger,
  round,
  note: (line) => appendFileSync(notes, `${line}\n`),
  goesOn: () => true,
});
