import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parseConfig } from '@genops/proxy';
import { readSettings } from '@genops/register/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPerson, emptyDirectory, enter, genops, interrupt, space, yes } from '../test/genops.ts';

let directory: string;
beforeEach(async () => {
  directory = await emptyDirectory();
});
const read = (name: string) => readFile(join(directory, name), 'utf8');

describe('genops init', () => {
  it('writes a configuration that the zero-code start goes by, and lists the variables that it needs', async () => {
    const { code, output } = await genops(directory, [
      ...['init', '--provider', 'openai,skyrouter', '--team', 'search', '--project', 'ranking'],
      ...['--environment', 'development', '--daily-budget', '2.50'],
    ]);
    expect(code).toBe(0);
    expect(output).toContain('genops doctor --env-file .env');
    const { attribution, policy } = readSettings({}, { environment: {}, directory });
    expect(attribution).toEqual({ team: 'search', project: 'ranking', environment: 'development' });
    expect(policy.limits).toMatchObject([{ id: 'daily', amount: '2.50' }]);
    expect(parseEnv(await read('.env.example'))).toEqual({ OPENAI_API_KEY: '', SKYROUTER_API_KEY: '' });
    expect(await read('.env.example')).toContain('# SKYROUTER_BASE_URL=');
  });

  it('writes one that the proxy starts with, and shows the key for callers once', async () => {
    const { output } = await genops(directory, ['init', '--proxy']);
    const [secret] = /genops-[\w-]{43}/.exec(output) as RegExpExecArray;
    expect(parseConfig(await read('genops.yaml'))).toMatchObject({
      providers: [{ type: 'openai' }],
      virtualKeys: [{ id: 'first', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
    expect(await read('genops.yaml')).not.toContain(secret);
  });

  it('overwrites nothing unless it is told to, and then writes nothing at all', async () => {
    await writeFile(join(directory, '.env.example'), 'MINE=1\n');
    const refused = await genops(directory, ['init']);
    expect(refused).toMatchObject({ code: 2, errors: expect.stringMatching(/\.env\.example: .*--force/) });
    expect(await readdir(directory)).toEqual(['.env.example']);
    expect(await read('.env.example')).toBe('MINE=1\n');
    expect((await genops(directory, ['init', '--force'])).code).toBe(0);
    expect(await read('.env.example')).toContain('OPENAI_API_KEY=');
  });

  it('refuses providers and budgets that are none before it writes', async () => {
    expect((await genops(directory, ['init', '--provider', 'acme'])).errors).toMatch(/got "acme"/);
    expect((await genops(directory, ['init', '--daily-budget', 'much'])).errors).toMatch(/--daily-budget/);
    expect(await readdir(directory)).toEqual([]);
  });

  it('asks for all of it, and replaces a file only when somebody agrees', async () => {
    await writeFile(join(directory, 'genops.yaml'), 'mode: observe\n');
    const person = createPerson();
    const running = genops(directory, ['init', '--interactive'], { terminal: person.terminal });
    await person.answer('Which providers', `${space}${enter}`);
    await person.answer('which team', `search${enter}`);
    await person.answer('Which project', enter);
    await person.answer('Which environment', `test${enter}`);
    await person.answer('cost, in USD', `lots${enter}`);
    await person.answer('A plain decimal', `${'\u007f'.repeat(4)}25${enter}`);
    await person.answer('for the proxy', enter);
    await person.answer('in place of genops.yaml', yes);
    expect(await running).toMatchObject({ code: 0, errors: '' });
    const { attribution, policy } = readSettings({}, { environment: {}, directory });
    expect(attribution).toEqual({ team: 'search', environment: 'test' });
    expect(policy.limits).toMatchObject([{ id: 'daily', amount: '25' }]);
  });

  it('stops at Ctrl-C with nothing written', async () => {
    const person = createPerson();
    const running = genops(directory, ['init', '--interactive'], { terminal: person.terminal });
    await person.answer('Which providers', interrupt);
    expect(await running).toMatchObject({ code: 1, errors: 'Stopped.\n' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('says that it needs a terminal to ask', async () => {
    const { code, errors } = await genops(directory, ['init', '--interactive']);
    expect(code).toBe(2);
    expect(errors).toMatch(/--interactive: expected a terminal/);
  });
});
