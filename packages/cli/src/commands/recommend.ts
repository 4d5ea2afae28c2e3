import { type Recommendation, type Recommendations, recommend } from '@genops/insights';
import type { Command } from 'commander';
import { type Place, parseCount, parsePlace } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { withLedger } from '../ledger-file.ts';
import { openPricing, pricesOption } from '../price-files.ts';
import { exactJson, shownMoney } from '../report/amounts.ts';
import { printable } from '../report/table.ts';
import { wrapped } from '../report/wrap.ts';
import { addStretchOptions, type StretchOptions, stretchOf } from '../stretch.ts';

interface RecommendCommandOptions extends StretchOptions {
  readonly prices: readonly string[];
  readonly candidate: readonly Place[];
  readonly currency: string;
  readonly top: number;
}

/** `genops recommend`: what could be done to spend less, by replaying the calls that were made. */
export function addRecommendCommand(program: Command, context: CommandContext): void {
  addStretchOptions(
    program
      .command('recommend')
      .description('What could be done to spend less, by replaying the calls that were made'),
  )
    .option(
      '--candidate <provider/model>',
      'a place that can do the work; may be given again',
      (text: string, before: readonly Place[]) => [...before, parsePlace(text)],
      [] as readonly Place[],
    )
    .option('--currency <code>', 'in which savings are told', 'USD')
    .option('--top <count>', 'how many are shown', parseCount, 10)
    .addOption(pricesOption())
    .option('--json', 'one JSON document, with all of them')
    .action(async ({ data, json, ...options }: RecommendCommandOptions) => {
      const stretch = stretchOf(options, context);
      const prices = await openPricing(options.prices);
      const { candidate: candidates, currency } = options;
      const found = await withLedger(context, data, (ledger) =>
        recommend(ledger, { prices, ...stretch, candidates, currency }),
      );
      context.write(json === true ? exactJson(found) : recommendText(found, options.top));
    });
}

function recommendText({ recommendations, spend, calls, notReplayed }: Recommendations, top: number): string {
  const { no_usage: noUsage, no_price: noPrice } = notReplayed;
  const head = wrapped(
    '',
    printable(
      `${shownMoney(spend)} were spent; ${calls} calls were priced again, ${noUsage + noPrice} could not be.`,
    ),
  );
  if (recommendations.length === 0) return `${head}\nNothing to recommend.\n`;
  const more =
    recommendations.length > top ? `\n${recommendations.length - top} more with --top or --json.\n` : '';
  return `${head}${recommendations.slice(0, top).map(oneText).join('')}${more}\nSavings of recommendations about the same calls do not add up.\n`;
}

function oneText(one: Recommendation): string {
  const saves = one.potentialSavings.amount.eq('0')
    ? `at stake ${one.stake === undefined ? '–' : shownMoney(one.stake)}`
    : `saves ${shownMoney(one.potentialSavings)} (${(100 * one.share).toFixed(1)} %)`;
  return [
    '\n',
    wrapped('', printable(`${one.priorityScore}  ${one.title}`)),
    wrapped(
      '    ',
      printable(
        `${saves}; ${one.sampleSize} calls; effort ${one.effortLevel}; confidence ${one.confidence.toFixed(2)}`,
      ),
    ),
    wrapped('    ', printable(`if: ${one.assumption}`)),
    wrapped('    ', printable(`for: ${one.evidence.map(({ because }) => because).join('; ')}`)),
    ...(one.against.length === 0 ? [] : [wrapped('    ', printable(`against: ${one.against.join('; ')}`))]),
  ].join('');
}
