import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of its own that a test can fill, or make read-only. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all the room that is left. */
  readonly fill: () => void;
  /** Makes room again. */
  readonly clear: () => void;
  readonly setReadOnly: (readOnly: boolean) => void;
  readonly remove: () => void;
}

export type MadeDisk =
  | { readonly result: 'made'; readonly disk: SmallDisk }
  | { readonly result: 'unavailable'; readonly reason: string };

/** A file system in memory; only root may make one. */
export function makeSmallDisk(kilobytes: number): MadeDisk {
  const folder = mkdtempSync(join(tmpdir(), 'genops-disk-'));
  const mounted = run('mount', '-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder);
  if (mounted !== undefined) {
    rmSync(folder, { recursive: true });
    return { result: 'unavailable', reason: mounted };
  }
  const ballast = join(folder, 'ballast');
  return {
    result: 'made',
    disk: {
      folder,
      fill: () => {
        // Until not even a single block fits.
        for (let piece = 0, bytes = kilobytes * 1024; bytes >= 512; piece += 1) {
          try {
            writeFileSync(`${ballast}-${piece}`, Buffer.alloc(bytes, 1));
          } catch {
            bytes = Math.floor(bytes / 2);
          }
        }
      },
      clear: () => {
        for (let piece = 0; existsSync(`${ballast}-${piece}`); piece += 1) rmSync(`${ballast}-${piece}`);
      },
      setReadOnly: (readOnly) => {
        const failed = run('mount', '-o', `remount,${readOnly ? 'ro' : 'rw'}`, folder);
        if (failed !== undefined) throw new Error(failed);
      },
      remove: () => {
        run('umount', '--lazy', folder);
        rmSync(folder, { recursive: true, force: true });
      },
    },
  };
}

/** @returns what went wrong */
function run(command: string, ...args: string[]): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}
