import { amountOf, roundMoney } from '@genops/core';
import type { EntryFilter, SumRow } from '@genops/ledger';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { instantOf } from '../instant.ts';
import { dataOption, withLedger } from '../ledger-file.ts';
import { collectPairs, type Pairs } from '../pairs.ts';
import { renderTable } from '../report/table.ts';

interface SpendOptions {
  readonly by: string;
  readonly from?: string;
  readonly until?: string;
  readonly match: Pairs;
  readonly data?: string;
  readonly json?: boolean;
}

/** `genops spend`: what was spent, for whom and on what. */
export function addSpendCommand(program: Command, context: CommandContext): void {
  program
    .command('spend')
    .description('What was spent, for whom and on what')
    .option(
      '--by <dimensions>',
      'team, project, model, customerId, tags.<name> …, separated by commas',
      'team,project,model',
    )
    .option('--from <instant>', 'first instant: 2026-11-01, 2026-11-01T00:00:00Z, or 7d for seven days ago')
    .option('--until <instant>', 'first instant that does not count any more')
    .option('--match <dimension=value>', 'only entries with this value; may be given again', collectPairs, {})
    .addOption(dataOption())
    .option('--json', 'one JSON document instead of a table')
    .action(async (options: SpendOptions) => {
      const rows = await readSpend(options, context);
      context.write(
        options.json === true ? `${JSON.stringify(rows.map(spendJson), null, 2)}\n` : spendTable(rows),
      );
    });
}

async function readSpend(options: SpendOptions, context: CommandContext): Promise<readonly SumRow[]> {
  const by = options.by.split(',').map((dimension) => dimension.trim());
  const filter = filterOf(options, context.now());
  const rows = await withLedger(context, options.data, (ledger) => ledger.sum({ by, filter }));
  return [...rows].sort((left, right) => right.cost.amount.cmp(left.cost.amount));
}

function filterOf({ from, until, match }: SpendOptions, now: Date): EntryFilter {
  return {
    ...(from !== undefined && { from: instantOf('--from', from, now) }),
    ...(until !== undefined && { until: instantOf('--until', until, now) }),
    ...(Object.keys(match).length > 0 && { match }),
  };
}

/** Exact: amounts are decimal text. */
function spendJson(row: SumRow): object {
  return {
    ...row.group,
    cost: amountOf(row.cost),
    currency: row.cost.currency,
    entries: row.entries,
    inputTokens: row.inputTokens,
    outputTokens: row.outputTokens,
    unpriced: row.unpriced,
    refused: row.refused,
  };
}

/** Rounded to six digits for people; `--json` has them all. */
function spendTable(rows: readonly SumRow[]): string {
  const [first] = rows;
  if (first === undefined) return 'Nothing was recorded in this time.\n';
  const dimensions = Object.keys(first.group);
  const table = renderTable(
    [...dimensions, 'cost', '', 'calls', 'input', 'output', 'unpriced', 'refused'],
    rows.map((row) => [
      ...dimensions.map((dimension) => row.group[dimension] ?? '–'),
      roundMoney(row.cost, 6).amount.toFixed(6),
      row.cost.currency,
      String(row.entries),
      String(row.inputTokens),
      String(row.outputTokens),
      String(row.unpriced),
      String(row.refused),
    ]),
    { alignRight: (column) => column >= dimensions.length && column !== dimensions.length + 1 },
  );
  return table;
}
