import { resolve } from 'node:path';
import { ConfigurationError } from '@genops/core';
import { Option } from 'commander';
import { type CommandContext, directoryOf } from '../context.ts';

/** What a zod schema is needed for here. */
interface Schema {
  safeParse(value: unknown):
    | { readonly success: true }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

/** `--config`, for every command that changes or reads the configuration. */
export function configOption(): Option {
  return new Option('--config <file>', 'the configuration (GENOPS_CONFIG; default: genops.yaml)');
}

/** The configuration file, whether it is there or not. */
export function configPath(context: CommandContext, named: string | undefined): string {
  return resolve(directoryOf(context), named ?? (context.environment['GENOPS_CONFIG'] || 'genops.yaml'));
}

/**
 * Checks what is about to be written.
 *
 * @throws {ConfigurationError} naming the first field that is wrong
 */
export function check(path: string, schema: Schema, value: unknown): void {
  const parsed = schema.safeParse(value);
  if (parsed.success) return;
  const [first] = parsed.error.issues;
  const where = [path, ...(first?.path ?? [])].map(String).join('.');
  throw new ConfigurationError(where, first?.message ?? 'is not as it must be');
}

/** @throws {ConfigurationError} for a name that the proxy would refuse */
export function checkId(path: string, id: string): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(id))
    throw new ConfigurationError(path, `expected lower-case letters, digits, dots and dashes; got "${id}"`);
}

const reference = /^env:[A-Za-z_][A-Za-z0-9_]*$/;

/** What stands where a reference belongs; somebody may have written the secret itself, which is not shown. */
export function shownReference(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' && reference.test(value) ? value : '(hidden: no reference)';
}

/** What is passed here is never shown: somebody may have passed the secret itself. */
export function checkReference(path: string, value: string): void {
  if (!reference.test(value)) {
    throw new ConfigurationError(
      path,
      'expected a reference such as env:OPENAI_API_KEY; secrets do not belong in the file',
    );
  }
}
