import { ConfigurationError } from '@genops/core';
import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import { instantOf } from './instant.ts';
import { dataOption } from './ledger-file.ts';
import { collectPairs, type Pairs } from './pairs.ts';

/** What of a ledger a question is about: a stretch of time, and whose calls. */
export interface StretchOptions {
  readonly since: string;
  readonly until?: string;
  readonly match: Pairs;
  readonly data?: string;
  readonly json?: boolean;
}

export interface Stretch {
  /** Instants: inclusive, exclusive. */
  readonly from: string;
  readonly until: string;
  readonly match?: Pairs;
}

/** `--since`, `--until`, `--match` and `--data`, for every question asked of a ledger. */
export function addStretchOptions(command: Command): Command {
  return command
    .option('--since <instant>', 'first instant: 2026-11-01, 2026-11-01T00:00:00Z, or 30d ago', '30d')
    .option('--until <instant>', 'first instant that does not count any more; default: now')
    .option('--match <dimension=value>', 'only entries with this value; may be given again', collectPairs, {})
    .addOption(dataOption());
}

/** `--by`, a list of dimensions. */
export function byOption(usual: string): Option {
  return new Option(
    '--by <dimensions>',
    'team, project, model, customerId, tags.<name> …, with commas',
  ).default(usual);
}

export function dimensionsOf(by: string): readonly string[] {
  return by.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}

/** @throws {ConfigurationError} when the stretch has no length */
export function stretchOf({ since, until, match }: StretchOptions, { now }: CommandContext): Stretch {
  const from = instantOf('--since', since, now());
  const end = until === undefined ? now().toISOString() : instantOf('--until', until, now());
  if (Date.parse(end) <= Date.parse(from)) {
    throw new ConfigurationError('--until', `expected an instant after ${from}, got ${end}`);
  }
  return { from, until: end, ...(Object.keys(match).length > 0 && { match }) };
}
