import { ConfigurationError } from '@genops/core';
import {
  type AllocationRule,
  allocateShared,
  type Summary,
  splitUnattributed,
  summarize,
} from '@genops/insights';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../context.ts';
import { withLedger } from '../ledger-file.ts';
import { exactJson, shownAmount, shownChange, shownMoney } from '../report/amounts.ts';
import { printable, renderTable } from '../report/table.ts';
import { wrapped } from '../report/wrap.ts';
import { addStretchOptions, byOption, dimensionsOf, type StretchOptions, stretchOf } from '../stretch.ts';

interface ReportOptions extends StretchOptions {
  readonly by: string;
  readonly details: boolean;
  readonly chargeback?: 'even' | 'proportional';
}

/** `genops report`: what was spent, beside the same stretch of time before it. */
export function addReportCommand(program: Command, context: CommandContext): void {
  addStretchOptions(
    program.command('report').description('What was spent, beside the time before; shared costs split'),
  )
    .addOption(byOption('team,model'))
    .addOption(
      new Option('--chargeback <rule>', 'split what belongs to nobody among the others').choices([
        'even',
        'proportional',
      ]),
    )
    .option('--no-details', 'from sums alone, without looking at every entry')
    .option('--json', 'one JSON document instead of a table')
    .action(async (options: ReportOptions) => {
      const by = dimensionsOf(options.by);
      const stretch = stretchOf(options, context);
      const details = options.details ? 'entries' : 'none';
      const summary = await withLedger(context, options.data, (ledger) =>
        summarize(ledger, { by, ...stretch, details }),
      );
      const shares =
        options.chargeback === undefined ? undefined : chargeback(summary, by, { rule: options.chargeback });
      if (options.json === true)
        context.write(exactJson({ ...summary, ...(shares && { chargeback: shares }) }));
      else
        context.write(
          `${reportText(summary, by)}${shares === undefined ? '' : `\n${chargebackText(shares)}`}`,
        );
    });
}

function chargeback({ rows, totals }: Summary, by: readonly string[], rule: AllocationRule) {
  const [dimension, ...more] = by;
  if (dimension === undefined || more.length > 0) {
    throw new ConfigurationError('--chargeback', 'expected one dimension, such as --by team');
  }
  return totals.flatMap(({ currency }) => {
    const { direct, shared } = splitUnattributed(rows, dimension, currency);
    return Object.keys(direct).length === 0 ? [] : allocateShared({ direct, shared, rule });
  });
}

function reportText({ rows, totals }: Summary, by: readonly string[]): string {
  if (rows.length === 0) return 'Nothing was recorded in this time.\n';
  const table = renderTable(
    [...by, 'cost', '', 'change', 'calls', 'per call'],
    rows.map(({ group, cost, changeShare, calls, costPerCall }) => [
      ...by.map((name) => group[name] ?? '–'),
      shownAmount(cost),
      cost.currency,
      shownChange(changeShare),
      String(calls),
      costPerCall === undefined ? '–' : shownAmount(costPerCall),
    ]),
    { alignRight: (column) => column >= by.length && column !== by.length + 1 },
  );
  const sum = (of: (row: Summary['rows'][number]) => number): number =>
    rows.reduce((total, row) => total + of(row), 0);
  const notes = [
    `${totals.map(shownMoney).join(' + ')} in all`,
    `${sum(({ refused }) => refused)} refused`,
    `${sum(({ unpriced }) => unpriced)} without a known cost`,
    ...(rows.some(({ details }) => details !== undefined)
      ? [
          `${sum(({ details }) => details?.estimatedCalls ?? 0)} estimated`,
          `${sum(({ details }) => details?.unfinishedCalls ?? 0)} not finished`,
        ]
      : []),
  ];
  return `${table}\n${wrapped('', printable(notes.join(', ')))}`;
}

function chargebackText(shares: ReturnType<typeof allocateShared>): string {
  return renderTable(
    ['payer', 'direct', 'shared', 'total', ''],
    shares.map(({ name, direct, shared, total }) => [
      name,
      shownAmount(direct),
      shownAmount(shared),
      shownAmount(total),
      total.currency,
    ]),
    { alignRight: (column) => column > 0 && column < 4 },
  );
}
