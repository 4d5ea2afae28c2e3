import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '@genops/core';
import {
  bundledCatalog,
  type Catalog,
  type CatalogChange,
  createCatalog,
  createOpenRouterPrices,
  diffCatalogs,
  findStalePrices,
  parsePriceFile,
} from '@genops/pricing';
import type { Command } from 'commander';
import type { CommandContext, ExitCode } from '../context.ts';
import { dataDirectory, dataOption } from '../ledger-file.ts';
import { renderTable } from '../report/table.ts';

interface CatalogOptions {
  readonly data?: string;
  readonly json?: boolean;
}

/** `genops catalog …`: how fresh prices are, what changed, and OpenRouter's list of the moment. */
export function addCatalogCommands(
  program: Command,
  context: CommandContext,
  exit: (code: ExitCode) => void,
): void {
  const catalog = program.command('catalog').description('The prices that calls are priced by');
  catalog
    .command('stale')
    .description('Prices whose source nobody looked at for long; exit code 1 if there are any')
    .option('--older-than <days>', 'in days', '90')
    .option('--provider <id>', 'of one provider')
    .option('--json', 'one JSON document instead of a table')
    .action((options: CatalogOptions & { readonly olderThan: string; readonly provider?: string }) => {
      const stale = findStalePrices(bundledCatalog(), {
        at: context.now().toISOString(),
        maxAgeDays: daysOf(options.olderThan),
        ...(options.provider !== undefined && { provider: options.provider }),
      });
      if (options.json === true) context.write(`${JSON.stringify(stale, null, 2)}\n`);
      else if (stale.length === 0) context.write('No price is older than that.\n');
      else {
        const rows = stale.map((one) => [
          one.provider,
          one.model,
          one.retrievedAt.slice(0, 10),
          String(one.ageDays),
        ]);
        context.write(
          renderTable(['provider', 'model', 'looked at', 'days'], rows, {
            alignRight: (column) => column === 3,
          }),
        );
      }
      exit(stale.length === 0 ? 0 : 1);
    });
  catalog
    .command('update')
    .description('Fetch OpenRouter’s prices of the moment and keep them in the data directory')
    .option('--url <url>', 'another address of the list')
    .addOption(dataOption())
    .action(async ({ data, url }: CatalogOptions & { readonly url?: string }) => {
      const result = await livePrices(context, data, url).refresh();
      if (result.result === 'failed') {
        const reason = result.error instanceof Error ? result.error.message : String(result.error);
        throw new ConfigurationError('catalog update', `the prices at hand stay: ${reason}`, {
          cause: result.error,
        });
      }
      context.write(
        result.result === 'updated'
          ? `${result.changed} of ${result.models} prices are new\n`
          : 'Nothing changed since the last time\n',
      );
    });
  catalog
    .command('diff')
    .description('What differs from one price file to another, or from the bundled prices')
    .argument('<file>', 'a price file, or "live" for what update fetched')
    .argument('[newer]', 'a second price file; default: the file against the bundled prices')
    .option('--json', 'one JSON document instead of lines')
    .addOption(dataOption())
    .action(async (file: string, newer: string | undefined, options: CatalogOptions) => {
      const first = await openPrices(context, file, options.data);
      const [before, after] =
        newer === undefined
          ? [only(bundledCatalog(), first), first]
          : [first, await openPrices(context, newer, options.data)];
      const changes = diffCatalogs(before, after);
      context.write(
        options.json === true ? `${JSON.stringify(changes, null, 2)}\n` : changes.map(changeLine).join(''),
      );
    });
}

function livePrices(
  context: CommandContext,
  data: string | undefined,
  url: string | undefined,
): ReturnType<typeof createOpenRouterPrices> {
  return createOpenRouterPrices({
    fetch: globalThis.fetch,
    now: () => context.now().getTime(),
    cacheFile: liveFile(context, data),
    ...(url !== undefined && { url }),
  });
}

function liveFile(context: CommandContext, data: string | undefined): string {
  return join(dataDirectory(context, data), 'prices', 'openrouter.json');
}

async function openPrices(context: CommandContext, file: string, data: string | undefined): Promise<Catalog> {
  const path = file === 'live' ? liveFile(context, data) : file;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(path, `cannot be read: ${reason}`, { cause: error });
  }
  return createCatalog([parsePriceFile(file === 'live' ? (json as { file: unknown }).file : json, path)]);
}

/** The part of a catalogue that speaks of the same providers. */
function only(whole: Catalog, part: Catalog): Catalog {
  return { ...whole, providers: whole.providers.filter((provider) => part.providers.includes(provider)) };
}

function changeLine(change: CatalogChange): string {
  const name = `${change.provider}/${change.model}`;
  if (change.change !== 'repriced') return `${change.change === 'added' ? '+' : '-'} ${name}\n`;
  return `~ ${name}  ${change.price}: ${change.before ?? 'none'} → ${change.after ?? 'none'}\n`;
}

function daysOf(text: string): number {
  if (!/^\d{1,5}$/.test(text))
    throw new ConfigurationError('--older-than', `expected a number of days, got "${text}"`);
  return Number(text);
}
