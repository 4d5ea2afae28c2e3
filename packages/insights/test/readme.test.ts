import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

describe('README.md', () => {
  it('has a snippet that runs, and says what comes out', async () => {
    const text = await readFile(join(root, 'README.md'), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    // Each expression with a comment behind it is printed, so that the comment can be compared.
    const printing = code.replace(
      /^(if \(.*?\) )?((?!const |for |if )\w.*); \/\/ .*$/gm,
      (_, condition: string | undefined, expression: string) =>
        `${condition ?? ''}console.log(JSON.stringify(${expression}));`,
    );
    const folder = join(root, '.reports');
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'readme.ts');
    await writeFile(file, printing);
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@genops/source', file]);
    const [groups, title, savings, expected] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(text).toContain(`// ['${groups.join("', '")}']`);
    expect(text).toContain(`// '${title}'`);
    expect(text).toContain(`// ['${savings.join("', '")}']`);
    expect(text).toContain(`// '${expected}'`);
    expect(title).toMatch(/instead of/);
  });
});
