import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

it('the README’s program prints what it says', async () => {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  await mkdir(`${root}/.reports`, { recursive: true });
  const file = `${root}/.reports/readme.ts`;
  await writeFile(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@genops/source', file]);
  const [, promised] = /alerts\.close\(\); \/\/ (.*)/.exec(code) ?? [];
  expect(stdout.trim()).toBe(promised);
});
