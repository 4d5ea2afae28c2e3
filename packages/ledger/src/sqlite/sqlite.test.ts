import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger } from '../sqlite.ts';
import { testLedgerDriver } from '../testing/index.ts';

/**
 * The suite opens hundreds of ledgers in one process, and V8 13.6 (Node 24) now and then ends a process in
 * which that many threads come and go (`Check failed: jit_page.has_value()`). So it waits for the disk here;
 * ledgers with threads, which a program opens once, are under test in the faults, the crashes, the
 * maintenance, the proof, and wherever the governor and the proxy use them.
 */
testLedgerDriver({
  name: 'SQLite',
  keeps: 'everything',
  writers: 'one',
  createStore: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'genops-ledger-'));
    return {
      open: ({ now }) => openSqliteLedger({ path: join(folder, 'ledger.db'), waitForDiskOn: 'here', now }),
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
});
