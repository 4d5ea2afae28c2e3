import { access, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigurationError, isGenOpsError } from '@genops/core';
import { parsePriceFile } from '@genops/pricing';
import { type Config, parseConfig } from './config.ts';
import { messageOf } from './log.ts';
import type { LoadedConfig } from './serving.ts';

/** The file that was named, else `genops.yaml` of this folder, if there is one. */
export async function findConfig(named: string | undefined): Promise<string | undefined> {
  if (named !== undefined) return resolve(named);
  const usual = resolve('genops.yaml');
  return access(usual).then(
    () => usual,
    () => undefined,
  );
}

/**
 * Reads a configuration and the price files that it names.
 *
 * @throws {ConfigurationError} that names the file, and everything that is wrong with it
 */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const config = await inFile(file, async () => parseConfig(await readText(file)));
  const prices = await Promise.all(
    priceFiles(config, file).map((path) =>
      inFile(path, async () => parsePriceFile(JSON.parse(await readText(path)))),
    ),
  );
  return { config, prices };
}

/** They stand beside the configuration that names them. */
export function priceFiles(config: Config, file: string): readonly string[] {
  return config.prices.map((name) => resolve(dirname(file), name));
}

async function inFile<Result>(file: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (isGenOpsError(error) && error.message.startsWith(file)) throw error;
    if (isGenOpsError(error) || error instanceof SyntaxError)
      throw new ConfigurationError(file, error.message, { cause: error });
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError(file, `cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
