import { ConfigurationError, type LedgerEntry } from '@genops/core';
import { exportEntries } from '@genops/ledger';
import type { LedgerReader } from '@genops/ledger/sqlite';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { dataOption, withLedger } from '../ledger-file.ts';
import { explanationOf } from '../report/explanation.ts';

interface ExplainOptions {
  readonly data?: string;
  readonly json?: boolean;
}

/** `genops explain <operation>`: why a call was allowed or refused, and why it went where it went. */
export function addExplainCommand(program: Command, context: CommandContext): void {
  program
    .command('explain')
    .description('Why a call was allowed or refused, and why it went where it went')
    .argument('<operation>', 'x-genops-request-id of its answer, or the id of an entry')
    .addOption(dataOption())
    .option('--json', 'its entries as one JSON document')
    .action(async (id: string, { data, json }: ExplainOptions) => {
      const text = await withLedger(context, data, async (ledger) => {
        const entries = await operationNamed(ledger, id);
        return json === true
          ? documentOf(ledger, entries[0]?.operationId ?? id)
          : explanationOf(entries as [LedgerEntry, ...LedgerEntry[]]);
      });
      context.write(text);
    });
}

/**
 * All entries of a call, the first attempt first.
 *
 * @param id - of the call, or of one of its entries: the call's and the number of the attempt
 * @throws {ConfigurationError} when there is none
 */
export async function operationNamed(ledger: LedgerReader, id: string): Promise<readonly LedgerEntry[]> {
  const ofEntry = /^(.+)\.\d+$/.exec(id)?.[1];
  for (const operationId of ofEntry === undefined ? [id] : [id, ofEntry]) {
    const { entries } = await ledger.entries({ filter: { operationId }, pageSize: 1000 });
    if (entries.length > 0) return entries;
  }
  throw new ConfigurationError('operation', `the ledger has no call "${id}"; genops trace lists the last`);
}

async function documentOf(ledger: LedgerReader, operationId: string): Promise<string> {
  const entries: unknown[] = [];
  for await (const line of exportEntries(ledger, { operationId })) entries.push(JSON.parse(line));
  return `${JSON.stringify(entries, null, 2)}\n`;
}
