import { ConfigurationError } from '@genops/core';
import { moveScenario, type Scenario, type WhatIf, whatIf } from '@genops/insights';
import { type Command, InvalidArgumentError } from 'commander';
import { type Place, parsePlace } from '../arguments.ts';
import type { CommandContext } from '../context.ts';
import { instantOf } from '../instant.ts';
import { withLedger } from '../ledger-file.ts';
import { openPricing, pricesOption } from '../price-files.ts';
import { exactJson, shownAmount } from '../report/amounts.ts';
import { renderTable } from '../report/table.ts';
import { addStretchOptions, byOption, dimensionsOf, type StretchOptions, stretchOf } from '../stretch.ts';

interface WhatIfOptions extends StretchOptions {
  readonly by: string;
  readonly move: readonly Move[];
  readonly discount?: string;
  readonly otherPrices: readonly string[];
  readonly prices: readonly string[];
  readonly currency: string;
}

interface Move {
  readonly from: Place | undefined;
  readonly to: Place;
}

/** `genops what-if`: the past, priced under other conditions. */
export function addWhatIfCommand(program: Command, context: CommandContext): void {
  addStretchOptions(
    program.command('what-if').description('What the past would have cost under other conditions'),
  )
    .option(
      '--move <from=to>',
      'calls of one place at another: openai/gpt-4o=openai/gpt-4o-mini, *=openai/gpt-4o@batch; may be given again',
      (text: string, before: readonly Move[]) => [...before, parseMove(text)],
      [] as readonly Move[],
    )
    .option(
      '--other-prices <file>',
      'a contract on offer; may be given again',
      collect,
      [] as readonly string[],
    )
    .option('--discount <share>', 'taken off everything: 0.1 is 10 %')
    .option('--prices-at <instant>', 'the prices of one day for all calls')
    .addOption(byOption(''))
    .option('--currency <code>', 'of the spending', 'USD')
    .addOption(pricesOption())
    .option('--json', 'one JSON document, by the dimensions of --by')
    .action(async ({ data, json, ...options }: WhatIfOptions & { readonly pricesAt?: string }) => {
      const { from, until, match } = stretchOf(options, context);
      const scenarios = await scenariosOf(options, context);
      if (scenarios.length === 0) {
        throw new ConfigurationError('what-if', 'expected --move, --other-prices, --discount or --prices-at');
      }
      const by = dimensionsOf(options.by);
      const pricing = await openPricing(options.prices);
      const filter = { from, until, ...(match !== undefined && { match }) };
      const result = await withLedger(context, data, (ledger) =>
        whatIf(ledger, { pricing, scenarios, filter, by, currency: options.currency }),
      );
      context.write(json === true ? exactJson(result) : whatIfText(result, by));
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function parseMove(text: string): Move {
  const [from, to, ...more] = text.split('=');
  if (from === undefined || to === undefined || more.length > 0) {
    throw new InvalidArgumentError(
      `expected from=to, such as openai/gpt-4o=openai/gpt-4o-mini, got "${text}"`,
    );
  }
  return { from: from === '*' ? undefined : parsePlace(from), to: parsePlace(to) };
}

async function scenariosOf(
  { move, otherPrices, prices, discount, pricesAt }: WhatIfOptions & { readonly pricesAt?: string },
  context: CommandContext,
): Promise<readonly Scenario[]> {
  const others = await Promise.all(
    otherPrices.map(async (file) => ({ name: file, pricing: await openPricing([file, ...prices]) })),
  );
  return [
    ...move.map(({ from, to }) => moveScenario(from ?? {}, to, `${nameOf(from)} → ${nameOf(to)}`)),
    ...others,
    ...(discount === undefined ? [] : [{ name: `discount ${discount}`, discount }]),
    ...(pricesAt === undefined
      ? []
      : [{ name: `prices of ${pricesAt}`, at: instantOf('--prices-at', pricesAt, context.now()) }]),
  ];
}

function nameOf(place: Place | undefined): string {
  if (place === undefined) return '*';
  return `${place.provider}/${place.model}${place.serviceTier === undefined ? '' : `@${place.serviceTier}`}`;
}

function whatIfText({ current, calls, unfaithful, scenarios }: WhatIf, by: readonly string[]): string {
  const rows = scenarios.flatMap(({ name, total, saving, changed, unpriced, groups }) => [
    [name, shownAmount(total), shownAmount(saving), String(changed), String(unpriced)],
    ...(by.length === 0
      ? []
      : groups.map(({ group, total: part, saving: saved }) => [
          `  ${by.map((dimension) => group[dimension] ?? '–').join(', ')}`,
          shownAmount(part),
          shownAmount(saved),
          '',
          '',
        ])),
  ]);
  const table = renderTable(
    ['', 'cost', 'saving', 'changed', 'unpriced'],
    [['as it was', shownAmount(current), '', '', ''], ...rows],
    { alignRight: (column) => column > 0 },
  );
  const note =
    unfaithful === 0
      ? ''
      : `\n${unfaithful} of ${calls} calls had other prices than the list; give it with --prices.\n`;
  return `${table}${note}`;
}
