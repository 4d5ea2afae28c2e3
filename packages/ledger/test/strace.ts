import { spawn, spawnSync } from 'node:child_process';
import { installPackage } from '../src/testing/servers/process.ts';

const there = spawnSync('strace', ['--version'], { stdio: 'ignore' }).status === 0;

/** Why system calls of a program cannot be made to fail here; undefined where they can. */
export const withoutStrace = there ? undefined : installPackage('strace');

export interface Tampered {
  /** Null when it was killed. */
  readonly code: number | null;
  readonly errors: string;
}

export interface TamperedRun {
  /** A program of Node, from source, and its arguments. */
  readonly program: readonly [file: string, ...args: string[]];
  /** Where the calls are noted. */
  readonly notes: string;
  readonly calls: readonly string[];
  /** In the words of strace: `error=EIO:when=40+`. */
  readonly inject: string;
}

/** Runs a program some of whose system calls go wrong, in every thread. */
export async function runTampered({ program, notes, calls, inject }: TamperedRun): Promise<Tampered> {
  const node = [process.execPath, '--conditions=@genops/source', '--no-warnings'];
  const names = calls.join(',');
  const strace = ['-f', '-qq', '-e', `trace=${names}`, '-e', `inject=${names}:${inject}`, '-o', notes];
  const child = spawn('strace', [...strace, ...node, ...program], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (bytes) => {
    errors += String(bytes);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, errors };
}
