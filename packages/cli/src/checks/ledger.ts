import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { openSqliteLedgerReader } from '@genops/ledger/sqlite';
import { finding } from './problems.ts';
import { type CheckResult, checked } from './result.ts';
import { enforcesMoney, type Setup } from './setup.ts';

/** Whether there is a place where what is spent can be kept. Nothing is written. */
export async function checkLedger(setup: Setup): Promise<CheckResult> {
  const { ledger } = setup.settings;
  if (ledger === 'memory') {
    const severity = enforcesMoney(setup) ? 'warning' : 'info';
    const message = 'The ledger is in memory';
    return checked('ledger', message, [finding('ledger-in-memory', 'ledger', message, severity)]);
  }
  const path = resolve(setup.directory, ledger);
  const place = existsSync(path) ? path : nearestExisting(dirname(path));
  try {
    await access(place, constants.W_OK);
    // Only a directory has one of these.
    if (place !== path) await access(`${place}/.`);
  } catch {
    const message = `${place} cannot be written to`;
    return checked('ledger', message, [finding('ledger-unwritable', path, message)]);
  }
  if (place !== path) return checked('ledger', `${path}, made with the first call`);
  try {
    await (await openSqliteLedgerReader({ path })).close();
    return checked('ledger', path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return checked('ledger', message, [finding('ledger-damaged', path, message)]);
  }
}

function nearestExisting(directory: string): string {
  return existsSync(directory) ? directory : nearestExisting(dirname(directory));
}
