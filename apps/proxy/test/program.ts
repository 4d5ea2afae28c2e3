import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** The proxy as a program of its own. */
export interface Program {
  readonly process: ChildProcess;
  /** What it has said so far. */
  output(): string;
  errors(): string;
  /** Resolves with its exit code; `null` when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Resolves with the address that it printed. */
  readonly url: Promise<string>;
}

/** A new, empty directory. */
export function emptyDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'genops-program-'));
}

/** Runs it from source, with nothing in its environment but what is given. */
export function runProgram(
  values: readonly string[],
  environment: Record<string, string> = {},
  cwd = tmpdir(),
): Program {
  const child = spawn(process.execPath, ['--conditions=@genops/source', main, ...values], {
    cwd,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = /(?:GenOps proxy at |"url":")(http:[^\s"]+?)(?:\/v1\n|")/.exec(output);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    exited.then((code) => reject(new Error(`The proxy ended with ${code}: ${errors}`)));
  });
  url.catch(() => {});
  return { process: child, output: () => output, errors: () => errors, exited, url };
}
