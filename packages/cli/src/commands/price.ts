import { ConfigurationError, describe } from '@genops/core';
import { type PriceBook, priceLine } from '@genops/pricing';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { instantOf } from '../instant.ts';
import { readJsonLines } from '../lines/json-lines.ts';
import { usageLine } from '../lines/usage-line.ts';
import { openPricing, pricesOption } from '../price-files.ts';
import { renderTable } from '../report/table.ts';

interface PriceOptions {
  readonly input?: string;
  readonly prices: readonly string[];
  readonly json?: boolean;
  readonly at?: string;
  readonly serviceTier?: string;
  readonly speed?: string;
  readonly region?: string;
  readonly inputTokens?: string;
  readonly outputTokens?: string;
  readonly cacheReadTokens?: string;
  readonly cacheWriteTokens?: string;
  readonly reasoningTokens?: string;
}

/** `genops price` and `genops usage`: what usage costs, for people and in bulk. */
export function addPriceCommands(program: Command, context: CommandContext): void {
  program
    .command('price')
    .description('What usage costs: of one call as a table, or of many as JSON lines')
    .argument('[provider]', 'such as openai')
    .argument('[model]', 'such as gpt-4o-mini')
    .option('--input <file>', 'JSON lines to price; - for standard input')
    .option('--input-tokens <count>', 'all input tokens, cached ones included')
    .option('--output-tokens <count>', 'all output tokens, reasoning included')
    .option('--cache-read-tokens <count>', 'of the input: read from a cache')
    .option('--cache-write-tokens <count>', 'of the input: written to a cache')
    .option('--reasoning-tokens <count>', 'of the output: reasoning')
    .option('--service-tier <name>', 'the tier that served: batch, flex, priority …')
    .option('--speed <name>', 'fast, where the provider has it')
    .option('--region <name>', 'the region that served')
    .option('--at <instant>', 'the moment of the call; default: now')
    .option('--json', 'one JSON document instead of a table')
    .addOption(pricesOption())
    .action(async (provider: string | undefined, model: string | undefined, options: PriceOptions) => {
      const pricing = await openPricing(options.prices);
      if (options.input !== undefined)
        return writeLines(context, options.input, (line) => priceLine(pricing, line));
      if (provider === undefined || model === undefined) {
        throw new ConfigurationError(
          'price',
          'expected a provider and a model, or --input with a file of lines',
        );
      }
      writeOne(context, pricing, lineOf(provider, model, options, context.now()), options.json === true);
    });
  program
    .command('usage')
    .description(
      'What the usage of answers is, in one shape, and what it costs: JSON lines in, JSON lines out',
    )
    .requiredOption(
      '--input <file>',
      'lines of {id, provider, api, model, response_usage_json}; - for standard input',
    )
    .addOption(pricesOption())
    .action(async (options: { readonly input: string; readonly prices: readonly string[] }) => {
      const pricing = await openPricing(options.prices);
      await writeLines(context, options.input, (line) => usageLine(pricing, line, context.now()));
    });
}

async function writeLines(
  context: CommandContext,
  file: string,
  answer: (line: unknown) => unknown,
): Promise<void> {
  for await (const line of readJsonLines(file, context.standardInput)) {
    const result =
      line.result === 'read'
        ? answer(line.value)
        : {
            id: null,
            cost_usd: null,
            error: 'invalid_line',
            message: `line ${line.number}: ${line.message}`,
          };
    context.write(`${JSON.stringify(result)}\n`);
  }
}

/** The line of a file that says the same as the arguments. */
function lineOf(provider: string, model: string, options: PriceOptions, now: Date): object {
  const counts = {
    input_tokens: options.inputTokens,
    output_tokens: options.outputTokens,
    cache_read_tokens: options.cacheReadTokens,
    cache_write_tokens: options.cacheWriteTokens,
    reasoning_tokens: options.reasoningTokens,
  };
  const usage: Record<string, number> = {};
  for (const [name, text] of Object.entries(counts))
    if (text !== undefined) usage[name] = countOf(name, text);
  return {
    provider,
    model,
    usage,
    at: instantOf('--at', options.at ?? now.toISOString(), now),
    ...(options.serviceTier !== undefined && { service_tier: options.serviceTier }),
    ...(options.speed !== undefined && { speed: options.speed }),
    ...(options.region !== undefined && { region: options.region }),
  };
}

function countOf(name: string, text: string): number {
  const digits = text.replaceAll(/[_,]/g, '');
  if (!/^\d{1,15}$/.test(digits)) {
    throw new ConfigurationError(
      `--${name.replaceAll('_', '-')}`,
      `expected a whole number, got ${describe(text)}`,
    );
  }
  return Number(digits);
}

function writeOne(context: CommandContext, pricing: PriceBook, line: object, json: boolean): void {
  const priced = priceLine(pricing, line);
  if (json) {
    context.write(`${JSON.stringify(priced, null, 2)}\n`);
    return;
  }
  if (priced.error !== null)
    throw new ConfigurationError(priced.error, priced.warnings?.[0] ?? 'no price is known');
  const rows = priced.components.map((component) => [
    component.unit,
    component.quantity,
    component.rate_usd,
    component.per,
    component.multiplier ?? '',
    component.subtotal_usd,
  ]);
  context.write(
    renderTable(
      ['', 'quantity', 'rate', 'per', 'factor', 'USD'],
      [...rows, ['total', '', '', '', '', priced.cost_usd ?? '']],
      {
        alignRight: (column) => column > 0,
      },
    ),
  );
  context.write(`\n${priced.basis}, price ${priced.price_version ?? 'of your own'}\n`);
}
