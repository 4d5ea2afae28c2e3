import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Downloads a package without installing it, and unpacks it.
 *
 * @returns the folder that it was unpacked into
 * @throws {Error} when the bytes are not the ones that were reviewed
 */
export function fetchTarball({
  spec,
  integrity,
}: {
  readonly spec: string;
  readonly integrity: string;
}): string {
  const folder = mkdtempSync(join(tmpdir(), 'price-import-'));
  const packed = execFileSync('npm', ['pack', spec, '--silent', '--pack-destination', folder], {
    encoding: 'utf8',
  });
  const path = join(folder, packed.trim().split('\n').at(-1) as string);
  const found = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
  if (found !== integrity) throw new Error(`${spec}: expected ${integrity}, got ${found}`);
  execFileSync('tar', ['-xzf', path, '-C', folder]);
  return join(folder, 'package');
}
