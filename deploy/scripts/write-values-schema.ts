// Writes the JSON Schema that Helm checks the chart's values with. Usage: npm run schema
import { writeFileSync } from 'node:fs';
import { valuesSchema } from './values-schema.ts';

writeFileSync(
  new URL('../helm/genops/values.schema.json', import.meta.url),
  `${JSON.stringify(valuesSchema(), null, 2)}\n`,
);
