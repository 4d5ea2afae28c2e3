// Writes the dashboards and rules below deploy/, and docs/telemetry-names.md. Usage: npm run dashboards
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { madeFiles } from './files.ts';

for (const [path, text] of madeFiles()) {
  const file = fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
