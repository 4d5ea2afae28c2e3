import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigurationError } from '@genops/core';
import { attributionSchema, limitSchema, ruleSchema } from '@genops/policy';
import { liveLists, type PriceFile, parsePriceFile } from '@genops/pricing';
import { telemetrySchema } from '@genops/telemetry/config';
import { parse } from 'yaml';
import { z } from 'zod';

const text = z.string().min(1).max(256);

const providerSchema = z.looseObject({
  type: text,
  id: text.optional(),
  baseUrl: z.url().optional(),
  deployments: z.record(text, text).optional(),
  location: text.optional(),
});

/** What only the proxy reads: one file may serve both. */
const ofTheProxy = {
  server: z.unknown(),
  virtualKeys: z.unknown(),
  routing: z.unknown(),
  admin: z.unknown(),
  alerts: z.unknown(),
};

const configFileSchema = z.strictObject({
  ...z.object(ofTheProxy).partial().shape,
  mode: z.enum(['enforce', 'observe']).optional(),
  attribution: attributionSchema.optional(),
  limits: z.array(limitSchema).optional(),
  rules: z.array(ruleSchema).optional(),
  onUnpriced: z.enum(['block', 'allow']).optional(),
  onUnknownRoute: z.enum(['refuse', 'pass']).optional(),
  /** A file of one's own. What the proxy's ledger is says the proxy's form, which is nothing to an application. */
  ledger: z.union([text, z.looseObject({ driver: text }).transform(() => undefined)]).optional(),
  debug: z.boolean().optional(),
  /** Where spans and metrics go. `prometheus` is the proxy's: an application has no port to ask. */
  telemetry: telemetrySchema.optional(),
  /** Where known providers are found beside their usual address. */
  providers: z.array(providerSchema).optional(),
  /** Files with prices of one's own, beside this file. */
  prices: z.array(text).optional(),
  /** Whose own lists of prices are asked for while the program runs. */
  livePrices: z.array(z.enum(liveLists)).optional(),
});

/** A configuration file that was read and checked. */
export interface ConfigFile {
  readonly path: string;
  readonly content: z.output<typeof configFileSchema>;
  readonly prices: readonly PriceFile[];
}

/**
 * Reads `genops.yaml`.
 *
 * @param named - by whoever started the program; absent means the usual name, if there is such a file
 * @throws {ConfigurationError} when a file that was named is not there, or a file is not as it must be
 */
export function readConfigFile(named: string | undefined, directory: string): ConfigFile | undefined {
  const path = resolve(directory, named ?? 'genops.yaml');
  if (named === undefined && !existsSync(path)) return undefined;
  const parsed = configFileSchema.safeParse(documentIn(path) ?? {});
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    const where = first === undefined || first.path.length === 0 ? '' : `: ${z.core.toDotPath(first.path)}`;
    throw new ConfigurationError(`${path}${where}`, first?.message ?? 'expected a configuration', {
      cause: parsed.error,
    });
  }
  const prices = (parsed.data.prices ?? []).map((name) => {
    const file = resolve(dirname(path), name);
    return parsePriceFile(documentIn(file), file);
  });
  return { path, content: parsed.data, prices };
}

/** YAML, of which JSON is a part. */
function documentIn(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'), { maxAliasCount: 50 });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new ConfigurationError(path, `cannot be read: ${reason}`, { cause: error });
  }
}
