import { type LimitState, parseDecimal } from '@genops/core';
import { type Exhaustion, type Forecast, forecast, forecastExhaustion } from '@genops/insights';
import { type Command, Option } from 'commander';
import type { CommandContext, ExitCode } from '../context.ts';
import { instantOf } from '../instant.ts';
import { dataOption, withLedger } from '../ledger-file.ts';
import { collectPairs, type Pairs } from '../pairs.ts';
import { exactJson, shownMoney } from '../report/amounts.ts';
import { printable } from '../report/table.ts';
import { wrapped } from '../report/wrap.ts';

interface ForecastOptions {
  readonly period: 'week' | 'month' | 'quarter' | 'year';
  readonly timeZone: string;
  readonly currency: string;
  readonly budget?: string;
  readonly at?: string;
  readonly match: Pairs;
  readonly data?: string;
  readonly json?: boolean;
}

/** `genops forecast`: what will have been spent when the month is over. */
export function addForecastCommand(
  program: Command,
  context: CommandContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('forecast')
    .description('What will have been spent when the month is over; exit code 1 if that is above --budget')
    .addOption(
      new Option('--period <name>', 'to the end of which period')
        .choices(['week', 'month', 'quarter', 'year'])
        .default('month'),
    )
    .option('--budget <amount>', 'what may be spent in the period')
    .option('--time-zone <name>', 'in which days and months begin: Europe/Berlin', 'UTC')
    .option('--currency <code>', 'of the spending', 'USD')
    .option('--at <instant>', 'from which moment on; default: now')
    .option('--match <dimension=value>', 'only entries with this value; may be given again', collectPairs, {})
    .addOption(dataOption())
    .option('--json', 'one JSON document')
    .action(async ({ data, json, budget, ...options }: ForecastOptions) => {
      const now =
        options.at === undefined ? context.now().toISOString() : instantOf('--at', options.at, context.now());
      const amount = budget === undefined ? undefined : parseDecimal(budget).toFixed();
      const { period, timeZone, currency, match } = options;
      const foretold = await withLedger(context, data, (ledger) =>
        forecast(ledger, {
          now,
          period,
          timeZone,
          currency,
          ...(Object.keys(match).length > 0 && { match }),
        }),
      );
      const ends =
        amount === undefined ? undefined : forecastExhaustion(stateOf(amount, foretold, currency), foretold);
      context.write(
        json === true ? exactJson({ ...foretold, ...(ends && { budget: ends }) }) : textOf(foretold, ends),
      );
      if (ends?.result === 'runs_out' || ends?.result === 'exhausted') exit(1);
    });
}

/** The budget as it stands now. */
function stateOf(amount: string, foretold: Forecast, currency: string): LimitState {
  const settled = foretold.result === 'forecast' ? foretold.spent.amount : parseDecimal('0');
  return {
    limitId: '--budget',
    bucket: '',
    unit: 'money',
    currency,
    mode: 'advisory',
    amount,
    settled: settled.toFixed(),
    held: '0',
    available: parseDecimal(amount).minus(settled).toFixed(),
  };
}

function textOf(foretold: Forecast, ends: Exhaustion | undefined): string {
  if (foretold.result !== 'forecast')
    return wrapped('', printable(`Nothing can be foretold yet: ${foretold.message}.`));
  const { spent, expected, interval, backTest, from, until } = foretold;
  const { low, high, coverage } = interval;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const lines = [
    `${from.slice(0, 16)} to ${until.slice(0, 16)} UTC`,
    `spent so far  ${shownMoney(spent)}`,
    `at the end    ${shownMoney(expected)}`,
    `between       ${shownMoney(low)} and ${shownMoney(high)}, ${percent(coverage)} of the time`,
    '',
    `Tried ${backTest.trials} times on days that are known: ${percent(backTest.error)} off on average,`,
    `${percent(backTest.bias)} too high; saying “as last week” would have been ${percent(backTest.naiveError)} off.`,
  ];
  return `${lines.join('\n')}\n${ends === undefined ? '' : `\n${wrapped('', printable(budgetText(ends)))}`}`;
}

function budgetText(ends: Exhaustion): string {
  switch (ends.result) {
    case 'exhausted':
      return `The budget is used up: ${shownMoney(ends.left)} left.`;
    case 'runs_out':
      return `The budget has ${shownMoney(ends.left)} left, until about ${ends.at.slice(0, 10)}; at the earliest until ${ends.earliest.slice(0, 10)}.`;
    case 'lasts':
      return `The budget lasts: ${shownMoney(ends.left)} are left.${ends.earliest === undefined ? '' : ` If days get dear, it ends on ${ends.earliest.slice(0, 10)}.`}`;
    default:
      return ends.message;
  }
}
