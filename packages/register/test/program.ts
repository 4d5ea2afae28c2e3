import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LedgerEntry } from '@genops/core';
import { openSqliteLedgerReader } from '@genops/ledger/sqlite';

/** How a program ended, what it said, and what its ledger says. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
  readonly entries: readonly LedgerEntry[];
}

export interface RunOptions {
  /** Files that are imported first, in this order. @default redirect.mjs, then GenOps */
  readonly imports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A directory to run in that stays. @default one of its own, gone afterwards */
  readonly directory?: string;
}

/** The entry point of `--import @genops/register`, and the preload that takes calls to the fake upstream. */
export const register = fileURLToPath(new URL('../src/index.ts', import.meta.url));
export const redirect = app('redirect.mjs');

/** One of the programs in `apps`, none of which knows of GenOps unless its name says so. */
export function app(name: string): string {
  return fileURLToPath(new URL(`./apps/${name}`, import.meta.url));
}

/** Runs a program with nothing in its environment but what is given, in a directory of its own. */
export async function run(program: string, options: RunOptions = {}): Promise<Ended> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'genops-register-')));
  const imports = options.imports ?? [redirect, register];
  const child = spawn(
    process.execPath,
    ['--conditions=@genops/source', ...imports.flatMap((file) => ['--import', file]), program],
    { cwd: directory, env: { PATH: process.env['PATH'], ...options.environment }, stdio: 'pipe' },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const entries = await entriesIn(join(directory, '.genops', 'ledger.db'));
  if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  return { code, output, errors, entries };
}

async function entriesIn(path: string): Promise<readonly LedgerEntry[]> {
  try {
    const reader = await openSqliteLedgerReader({ path });
    const { entries } = await reader.entries();
    await reader.close();
    return entries;
  } catch {
    return [];
  }
}
