import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger } from '../sqlite.ts';
import { testLedgerDriver } from '../testing/index.ts';

for (const waitForDiskOn of ['threads', 'here'] as const) {
  testLedgerDriver({
    name: `SQLite, waiting for the disk on ${waitForDiskOn}`,
    keeps: 'everything',
    writers: 'one',
    createStore: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'genops-ledger-'));
      return {
        open: ({ now }) => openSqliteLedger({ path: join(folder, 'ledger.db'), waitForDiskOn, now }),
        remove: async () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  });
}
