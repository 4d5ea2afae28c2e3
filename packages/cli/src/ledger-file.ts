import { join } from 'node:path';
import { type LedgerReader, openSqliteLedgerReader } from '@genops/ledger/sqlite';
import type { Option as CommandOption } from 'commander';
import { Option } from 'commander';
import type { CommandContext } from './context.ts';

/** `--data`, for every command that reads a ledger. */
export function dataOption(): CommandOption {
  return new Option('--data <directory>', 'where the ledger is (GENOPS_DATA_DIR; default: .genops)');
}

/** The ledger's file in a data directory. */
export function ledgerPath(context: CommandContext, directory: string | undefined): string {
  return join(dataDirectory(context, directory), 'ledger.db');
}

export function dataDirectory(context: CommandContext, directory: string | undefined): string {
  return directory ?? context.environment['GENOPS_DATA_DIR'] ?? '.genops';
}

/**
 * Opens the ledger, reads from it, and closes it, whatever happens.
 *
 * @throws {LedgerUnavailableError} when there is none
 */
export async function withLedger<Result>(
  context: CommandContext,
  directory: string | undefined,
  read: (ledger: LedgerReader) => Promise<Result>,
): Promise<Result> {
  const ledger = await openSqliteLedgerReader({ path: ledgerPath(context, directory) });
  try {
    return await read(ledger);
  } finally {
    await ledger.close();
  }
}
