import type { Command } from 'commander';
import type { CommandContext, ExitCode } from '../context.ts';
import { dataOption, withLedger } from '../ledger-file.ts';

interface LedgerOptions {
  readonly data?: string;
  readonly json?: boolean;
}

/** `genops ledger …` and `genops audit …`: whether what is recorded can be believed, and all of it as lines. */
export function addLedgerCommands(
  program: Command,
  context: CommandContext,
  exit: (code: ExitCode) => void,
): void {
  const verify = async ({ data, json }: LedgerOptions): Promise<void> => {
    const verified = await withLedger(context, data, (ledger) => ledger.verify());
    if (json === true) context.write(`${JSON.stringify(verified, null, 2)}\n`);
    else
      context.write([`${verified.result}: ${verified.entries} entries`, ...verified.findings, ''].join('\n'));
    exit(verified.result === 'intact' ? 0 : 1);
  };

  const ledger = program.command('ledger').description('The ledger itself');
  ledger
    .command('verify')
    .description('Whether counters equal entries and the hash chain is whole; exit code 1 if not')
    .addOption(dataOption())
    .option('--json', 'one JSON document')
    .action(verify);
  ledger
    .command('export')
    .description('Every entry as a JSON line, in the order in which they were written')
    .addOption(dataOption())
    .action(({ data }: LedgerOptions) => exportEntries(context, data));
  program
    .command('audit')
    .description('The trail of decisions')
    .command('verify')
    .description('Whether anything recorded was changed afterwards; exit code 1 if so')
    .addOption(dataOption())
    .option('--json', 'one JSON document')
    .action(verify);
}

const pageSize = 1000;

async function exportEntries(context: CommandContext, data: string | undefined): Promise<void> {
  await withLedger(context, data, async (ledger) => {
    let cursor: string | undefined;
    do {
      const page = await ledger.entries({ pageSize, ...(cursor !== undefined && { cursor }) });
      for (const entry of page.entries) context.write(`${JSON.stringify(entry)}\n`);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  });
}
