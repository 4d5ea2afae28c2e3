import { readFileSync } from 'node:fs';

/** The version of this package, which all packages of the project share. */
export function ownVersion(): string {
  // Beside `src` as beside `dist`.
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
