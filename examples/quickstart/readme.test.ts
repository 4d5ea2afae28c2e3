import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseConfig } from '@genops/proxy';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const run = promisify(execFile);
let upstream: FakeUpstream;
let directory: string;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  directory = await mkdtemp(join(tmpdir(), 'genops-readme-'));
});
afterAll(async () => {
  await upstream.close();
  await rm(directory, { recursive: true });
});

async function snippets(file: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, file), 'utf8');
  return Array.from(
    text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g')),
    (match) => match[1] as string,
  );
}

/** Runs a snippet as a program of its own, in an empty directory. @returns what it printed, on one line */
async function execute(name: string, code: string): Promise<string> {
  const folder = join(here, '.reports/snippets');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.ts`);
  await writeFile(file, code);
  const values = ['--conditions=@genops/source', '--import', join(here, 'redirect.ts'), file];
  const { stdout } = await run(process.execPath, values, {
    cwd: await mkdtemp(join(directory, 'run-')),
    env: { PATH: process.env['PATH'], OPENAI_API_KEY: upstream.apiKey, FAKE_OPENAI_URL: upstream.url },
  });
  return stdout.replaceAll(/\s+/g, ' ');
}

/** What a snippet says that it prints: the comments behind `console.log`, up to an ellipsis. */
function promised(code: string): string[] {
  const comments = Array.from(
    code.matchAll(/console\.log\(.*\);? \/\/ (.*)$/gm),
    (match) => match[1] as string,
  );
  return comments.map((comment) => (comment.split('…')[0] as string).trim());
}

describe('README.md', () => {
  it('has the library form and a blocked call, which print what they say', async () => {
    const codes = await snippets('README.md', 'ts');
    expect(codes).toHaveLength(2);
    for (const [index, code] of codes.entries()) {
      const output = await execute(`readme-${index}`, code);
      expect(promised(code).length).toBeGreaterThan(0);
      for (const text of promised(code)) expect(output).toContain(text);
    }
  });

  it('has a configuration that the proxy takes', async () => {
    const [yaml] = await snippets('README.md', 'yaml');
    expect(parseConfig(yaml as string)).toMatchObject({
      virtualKeys: [{ id: 'search-backend' }],
      limits: [{ id: 'search-monthly', amount: '250' }, { id: 'per-customer' }],
    });
  });

  it('names only scripts that exist', async () => {
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const used = (await snippets('README.md', 'sh')).join('\n').matchAll(/^npm (start|test|run (\S+))/gm);
    for (const [, name, script] of used) expect(manifest.scripts).toHaveProperty(script ?? (name as string));
  });
});

describe('the READMEs of packages', () => {
  it.each(['core', 'policy', 'governor', 'telemetry'])('%s has snippets that run', async (name) => {
    const codes = await snippets(`packages/${name}/README.md`, 'ts');
    expect(codes.length).toBeGreaterThan(0);
    // A later snippet goes on where the one before it stopped.
    await execute(name, codes.join('\n'));
  });
});

describe('the quickstart', () => {
  it('serves one call and refuses two, without a key, in under sixty lines', async () => {
    const code = await readFile(join(here, 'quickstart.ts'), 'utf8');
    expect(code.trimEnd().split('\n').length).toBeLessThan(60);
    const values = ['--conditions=@genops/source', join(here, 'quickstart.ts')];
    const { stdout } = await run(process.execPath, values, { env: { PATH: process.env['PATH'] } });
    expect(stdout).toMatch(/answered: \S/);
    expect(stdout).toMatch(/refused: .*no-legacy/);
    expect(stdout).toMatch(/refused: .*search-monthly/);
    expect(stdout).toMatch(/settled +gpt-4o-mini +acme 0\.\d+ USD/);
  });
});
