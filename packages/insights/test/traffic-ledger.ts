import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEntry } from '@genops/core';
import { type LedgerReader, openSqliteLedger, openSqliteLedgerReader } from '@genops/ledger/sqlite';
import { afterAll, beforeAll } from 'vitest';
import { traffic } from './traffic.ts';

export interface TrafficLedger {
  readonly entries: readonly LedgerEntry[];
  readonly ledger: LedgerReader;
}

/** The traffic in a real SQLite ledger and a reader on it, while the tests of a file run. */
export function useTrafficLedger(): TrafficLedger {
  const entries = [...traffic()];
  let folder: string;
  let reader: LedgerReader;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'genops-insights-'));
    const path = join(folder, 'ledger.db');
    const writer = await openSqliteLedger({ path, waitForDiskOn: 'here', timeoutMs: 60_000 });
    for (let from = 0; from < entries.length; from += 2000) {
      await Promise.all(entries.slice(from, from + 2000).map((entry) => writer.record(entry)));
    }
    await writer.close();
    reader = await openSqliteLedgerReader({ path });
  });
  afterAll(async () => {
    await reader.close();
    rmSync(folder, { recursive: true });
  });
  return {
    entries,
    get ledger() {
      return reader;
    },
  };
}
