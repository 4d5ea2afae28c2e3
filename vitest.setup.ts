import { format } from 'node:util';
import { afterEach } from 'vitest';

/** What was written to the console since the last test: libraries never write there, so a test that sees it fails. */
const written: string[] = [];

for (const method of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
  console[method] = (...values: unknown[]): void => {
    written.push(`console.${method}: ${format(...values)}`);
  };
}

afterEach(() => {
  const lines = written.splice(0);
  if (lines.length > 0) throw new Error(`The console was written to:\n${lines.join('\n')}`);
});
