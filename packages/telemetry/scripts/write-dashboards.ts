// Writes the dashboards and rules below deploy/. Usage: npm run dashboards
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployFiles } from './files.ts';

for (const [path, text] of deployFiles()) {
  const file = fileURLToPath(new URL(`../../../deploy/${path}`, import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
