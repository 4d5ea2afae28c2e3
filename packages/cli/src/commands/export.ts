import { exportFocus, type FocusReport, type FocusVersion, focusVersions } from '@genops/insights';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../context.ts';
import { withLedger } from '../ledger-file.ts';
import { addStretchOptions, type StretchOptions, stretchOf } from '../stretch.ts';

interface FocusCommandOptions extends StretchOptions {
  readonly focusVersion: FocusVersion;
  readonly format: 'csv' | 'jsonl';
  readonly billingAccount: string;
  readonly subAccount: string;
}

/** `genops export focus`: charges for the tools of finance. */
export function addExportCommands(program: Command, context: CommandContext): void {
  const command = program.command('export').description('The ledger in forms that other tools read');
  addStretchOptions(
    command
      .command('focus')
      .description('Charges in FOCUS columns (FinOps Open Cost and Usage Specification)'),
  )
    .addOption(
      new Option('--focus-version <version>', 'of the columns').choices(focusVersions).default('1.3'),
    )
    .addOption(new Option('--format <name>', 'of the lines').choices(['csv', 'jsonl']).default('csv'))
    .option('--billing-account <id>', 'who is billed', 'default')
    .option('--sub-account <dimension>', 'by which the account is divided', 'project')
    .action(async (options: FocusCommandOptions) => {
      const { from, until, match } = stretchOf(options, context);
      await withLedger(context, options.data, async (ledger) => {
        const lines = exportFocus(ledger, {
          billingAccount: { id: options.billingAccount },
          subAccount: options.subAccount,
          version: options.focusVersion,
          format: options.format,
          filter: { from, until, ...(match !== undefined && { match }) },
          onEnd: (report) => context.writeError(reportText(report)),
        });
        for await (const line of lines) context.write(line);
      });
    });
}

/** To standard error, so that the charges can be piped. */
function reportText({ rows, entries, withoutCharge, version }: FocusReport): string {
  const { unpriced, virtual_currency: foreign } = withoutCharge;
  const missing = [
    ...(unpriced > 0 ? [`${unpriced} entries have no known cost and are missing`] : []),
    ...(foreign > 0 ? [`${foreign} entries are in no currency of a state and are missing`] : []),
  ];
  return `${[`FOCUS ${version}: ${rows} charges of ${entries} entries`, ...missing].join('; ')}\n`;
}
