import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { startPostgres } from '@genops/ledger/testing/servers';
import { describe, expect, it } from 'vitest';
import { crashWriters, reportCrashes } from '../proof/crash-loop.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { postgresStore, sqliteStore } from './stores.ts';

const cycles = 20;
const nothing = { lost: [], vanished: [], stillHeld: [], damage: [] };

function notesFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'genops-crash-')), 'notes');
}

/** Holds of the killed processes live two seconds. */
function holdsRunOut(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2100));
}

const postgres = await startPostgres();

describe('a process that is killed again and again', () => {
  it('has lost nothing that SQLite acknowledged', { timeout: 120_000 }, async () => {
    const store = sqliteStore();
    const notes = notesFile();
    await crashWriters('sqlite', store.path, notes, cycles);
    await holdsRunOut();
    const ledger = await openSqliteLedger({ path: store.path });
    const report = await reportCrashes(ledger, notes, cycles);
    await ledger.close();
    expect(report).toMatchObject(nothing);
    expect(report.acknowledged).toBeGreaterThan(100);
    await store.remove();
  });

  onServer('Postgres', postgres, ({ url }) => {
    it('has lost nothing that Postgres acknowledged', { timeout: 120_000 }, async () => {
      const store = postgresStore(url);
      const notes = notesFile();
      await crashWriters('postgres', JSON.stringify({ url, schema: store.schema }), notes, cycles);
      await holdsRunOut();
      const ledger = await openPostgresLedger({ pool: store.pool, schema: store.schema });
      const report = await reportCrashes(ledger, notes, cycles);
      await ledger.close();
      expect(report).toMatchObject(nothing);
      expect(report.acknowledged).toBeGreaterThan(100);
      await store.remove();
    });
  });
});
