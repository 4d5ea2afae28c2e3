import { exportEntries } from '@genops/ledger';
import { backupSqliteLedger, openSqliteLedger, rebuildSqliteLedger } from '@genops/ledger/sqlite';
import type { Command } from 'commander';
import type { CommandContext, ExitCode } from '../context.ts';
import { instantOf } from '../instant.ts';
import { dataOption, ledgerPath, withLedger } from '../ledger-file.ts';
import { collectPairs, type Pairs } from '../pairs.ts';

interface LedgerOptions {
  readonly data?: string;
  readonly json?: boolean;
}

interface VerifyOptions extends LedgerOptions {
  readonly anchor?: string;
}

/** `genops ledger …` and `genops audit …`: whether what is recorded can be believed, and all of it as lines. */
export function addLedgerCommands(
  program: Command,
  context: CommandContext,
  exit: (code: ExitCode) => void,
): void {
  const verify = async ({ data, json, anchor }: VerifyOptions): Promise<void> => {
    const verified = await withLedger(context, data, (ledger) =>
      ledger.verify(anchor === undefined ? {} : { anchor }),
    );
    const { result, entries, findings } = verified;
    if (json === true) context.write(`${JSON.stringify(verified, null, 2)}\n`);
    else
      context.write(
        [`${result}: ${entries} entries`, ...findings, `anchor ${verified.anchor}`, ''].join('\n'),
      );
    exit(result === 'intact' ? 0 : 1);
  };
  const anchorOption = [
    '--anchor <position:hash>',
    'as printed by an earlier run and kept elsewhere: the chain has to go through it still',
  ] as const;

  const ledger = program.command('ledger').description('The ledger itself');
  ledger
    .command('verify')
    .description('Whether counters equal entries and the hash chain is whole; exit code 1 if not')
    .addOption(dataOption())
    .option(...anchorOption)
    .option('--json', 'one JSON document')
    .action(verify);
  ledger
    .command('rebuild')
    .description('Count every counter again from the entries; the proxy must not run')
    .addOption(dataOption())
    .action(async ({ data }: LedgerOptions) => {
      const { corrected } = await rebuildSqliteLedger({ path: ledgerPath(context, data) });
      context.write(`${corrected} counters were different and are right now\n`);
    });
  ledger
    .command('export')
    .description('Every entry as a JSON line, in the order in which they were written')
    .addOption(dataOption())
    .action(({ data }: LedgerOptions) =>
      withLedger(context, data, async (reader) => {
        for await (const line of exportEntries(reader)) context.write(`${line}\n`);
      }),
    );
  ledger
    .command('backup')
    .description('Copy the ledger as it is at one moment, also while a proxy writes to it')
    .argument('<file>', 'where to; must not be there yet')
    .addOption(dataOption())
    .action(async (file: string, { data }: LedgerOptions) => {
      await backupSqliteLedger({ path: ledgerPath(context, data), to: file });
      context.write(`Copied to ${file}\n`);
    });
  ledger
    .command('retire')
    .description(
      'Take old entries out for good; sums, limits and the hash chain stay; the proxy must not run',
    )
    .requiredOption('--before <instant>', 'entries admitted before it: 2026-01-01, or 400d')
    .option('--keep <dimension=value>', 'under legal hold: stays; may be given again', collectPairs, {})
    .addOption(dataOption())
    .action(({ data, before, keep }: RetireOptions) => retire(context, data, before, keep));
  program
    .command('audit')
    .description('The trail of decisions')
    .command('verify')
    .description('Whether anything recorded was changed afterwards; exit code 1 if so')
    .addOption(dataOption())
    .option(...anchorOption)
    .option('--json', 'one JSON document')
    .action(verify);
}

interface RetireOptions extends LedgerOptions {
  readonly before: string;
  readonly keep: Pairs;
}

async function retire(
  context: CommandContext,
  data: string | undefined,
  before: string,
  keep: Pairs,
): Promise<void> {
  const ledger = await openSqliteLedger({ path: ledgerPath(context, data), waitForDiskOn: 'here' });
  try {
    const { retired, kept } = await ledger.retire({
      before: instantOf('--before', before, context.now()),
      ...(Object.keys(keep).length > 0 && { legalHold: { match: keep } }),
    });
    context.write(`${retired} entries were taken out, ${kept} stay under legal hold\n`);
  } finally {
    await ledger.close();
  }
}
