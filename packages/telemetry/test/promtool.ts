import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Prometheus' own checker, or why there is none. */
export type Promtool =
  | { readonly result: 'found'; readonly path: string }
  | { readonly result: 'unavailable'; readonly reason: string };

const kept = fileURLToPath(new URL('../node_modules/.cache/promtool', import.meta.url));

/** This machine's, else the one in Debian's package, which is unpacked beside the modules and not installed. */
export function findPromtool(): Promtool {
  if (spawnSync('promtool', ['--version']).status === 0) return { result: 'found', path: 'promtool' };
  if (existsSync(kept)) return { result: 'found', path: kept };
  const folder = mkdtempSync(join(tmpdir(), 'genops-promtool-'));
  try {
    const wait = ['-o', 'DPkg::Lock::Timeout=300'];
    const fetched =
      run(folder, 'apt-get', [...wait, 'download', '-qq', 'prometheus']) &&
      (run(folder, 'apt-get', [...wait, 'update', '-qq']) ??
        run(folder, 'apt-get', [...wait, 'download', '-qq', 'prometheus']));
    if (fetched !== undefined) return { result: 'unavailable', reason: fetched };
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb')) ?? '';
    const unpacked = run(folder, 'dpkg-deb', ['-x', archive, 'unpacked']);
    if (unpacked !== undefined) return { result: 'unavailable', reason: unpacked };
    mkdirSync(join(kept, '..'), { recursive: true });
    const copied = run(folder, 'cp', ['unpacked/usr/bin/promtool', `${kept}.new`]);
    if (copied !== undefined) return { result: 'unavailable', reason: copied };
    renameSync(`${kept}.new`, kept);
    return { result: 'found', path: kept };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns why it failed, or `undefined` */
function run(cwd: string, command: string, values: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, values, { cwd, encoding: 'utf8' });
  return status === 0 ? undefined : `${command}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`;
}
