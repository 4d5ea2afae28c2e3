// Writes the JSON Schema that editors check genops.yaml with. Usage: npm run schema
import { writeFileSync } from 'node:fs';
import { configJsonSchema } from '../src/config.ts';

writeFileSync(
  new URL('../genops.schema.json', import.meta.url),
  `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
);
