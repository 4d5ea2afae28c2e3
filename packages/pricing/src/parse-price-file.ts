import { ConfigurationError } from '@genops/core';
import { type PriceFile, priceFileSchema } from './schema.ts';

/**
 * Checks prices that a person wrote. Strict: unknown keys are refused, and so are amounts written as
 * numbers.
 *
 * @param data - parsed JSON or YAML
 * @param name - what the file is called in errors @default 'prices'
 * @throws {ConfigurationError} naming the first fault by its path
 */
export function parsePriceFile(data: unknown, name = 'prices'): PriceFile {
  const result = priceFileSchema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    name,
  );
  throw new ConfigurationError(path, issue?.message ?? 'expected a price file', { cause: result.error });
}
