import { readFile } from 'node:fs/promises';
import { ConfigurationError } from '@genops/core';
import { createPricing, type PriceBook, parsePriceFile } from '@genops/pricing';
import { Option } from 'commander';

/** `--prices`, for every command that prices something. */
export function pricesOption(): Option {
  return new Option('--prices <file>', 'prices of your own, on top of the bundled ones; may be given again')
    .argParser((value: string, before: readonly string[]) => [...before, value])
    .default([] as string[]);
}

/** The bundled prices with price files on top, the first one above the others. */
export async function openPricing(files: readonly string[]): Promise<PriceBook> {
  return createPricing({ overrides: await Promise.all(files.map(readPrices)) });
}

async function readPrices(file: string): Promise<ReturnType<typeof parsePriceFile>> {
  let data: unknown;
  try {
    data = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(file, `cannot be read: ${reason}`, { cause: error });
  }
  return parsePriceFile(data, file);
}
