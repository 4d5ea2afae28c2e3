import { appendFileSync } from 'node:fs';
import { Decimal } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { Pool } from 'pg';
import { budget, costOf, draw, reserveRequest, settledEntry } from '../src/testing/samples.ts';

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
const team = budget({ id: 'team', amount: '1000000' });
const company = budget({ id: 'company', amount: '1000000', window: { kind: 'lifetime' } });
const amount = '0.000000000007';

function note(line: string): void {
  appendFileSync(notes, `${line}\n`);
}

/** Some calls are settled, some released, and some left for the crash. */
async function caller(name: string): Promise<void> {
  for (let call = 0; ; call += 1) {
    const id = `${round}.${name}.${call}`;
    const held = await ledger.reserve(
      reserveRequest(id, [draw(team, amount), draw(company, amount)], { expiresInMs: 2000 }),
    );
    if (held.result !== 'held') throw new Error(JSON.stringify(held));
    note(`held ${id}`);
    if (call % 5 === 0) continue;
    const ended =
      call % 5 === 1
        ? await ledger.release({ id, entry: settledEntry(id, costOf('0')) })
        : await ledger.settle({
            id,
            amounts: [new Decimal(amount), new Decimal(amount)],
            entry: settledEntry(id, costOf(amount)),
          });
    if (ended.result !== 'recorded') throw new Error(JSON.stringify(ended));
    note(`${ended.entry.kind} ${id}`);
  }
}

process.send?.('ready');
await Promise.all(Array.from({ length: 16 }, (_, index) => caller(String(index))));
