import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configJsonSchema, parseConfig } from '@genops/proxy';
import { providerTypes, readSettings } from '@genops/register/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { emptyDirectory, genops as run } from '../test/genops.ts';

let directory: string;
beforeEach(async () => {
  directory = await emptyDirectory();
});

const genops = (...values: string[]) => run(directory, values);
const read = () => readFile(join(directory, 'genops.yaml'), 'utf8');
const write = (text: string) => writeFile(join(directory, 'genops.yaml'), text);

const written = `# Ours.
mode: enforce # for real

providers:
  - type: openai # the main one
    apiKey: env:OPENAI_API_KEY
virtualKeys:
  - { id: web, secret: 'env:WEB_KEY' }
limits:
  # Agreed with finance.
  - id: team-daily
    amount: "10" # dollars
    window: day
`;

describe('one file for the proxy and for programs', () => {
  /** What everybody has elsewhere needs an address, and what has no name of its own a name. */
  const entry = (type: string) =>
    `{ type: ${type}, id: one, baseUrl: 'https://llm.example.com/v1', apiKey: 'env:A_KEY' }`;
  const file = (type: string) =>
    `providers: [${entry(type)}]\nvirtualKeys: [{ id: web, secret: 'env:WEB_KEY' }]\n`;
  const schema = JSON.stringify(configJsonSchema());
  const ofTheProxy = JSON.parse(/"enum":(\["openai"[^\]]*\])/.exec(schema)?.[1] ?? '[]') as string[];

  it.each(ofTheProxy)('is read by a program that says %s, as the proxy takes it', async (type) => {
    await write(file(type));
    const { providers } = readSettings({}, { environment: {}, directory });
    expect(providers.findLast(({ id }) => id === 'one')?.baseUrl).toMatch(/^https:\/\/llm\.example\.com/);
  });

  it.each(providerTypes.map(({ id }) => id))(
    'is read by the proxy that says %s, as `genops` writes it',
    (type) => {
      expect(parseConfig(file(type)).providers).toMatchObject([{ type, id: 'one' }]);
    },
  );
});

describe('genops budget', () => {
  it('adds a limit that is in force from then on, to a file that need not be there', async () => {
    const { code, output } = await genops(
      ...['budget', 'set', 'search-daily', '--amount', '25.50', '--window', 'day'],
      ...['--match', 'team=search', '--per', 'customerId', '--thresholds', '80,100'],
    );
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('search-daily') });
    const { policy } = readSettings({}, { environment: {}, directory });
    expect(policy.limits).toMatchObject([
      {
        id: 'search-daily',
        amount: '25.50',
        window: { kind: 'calendar', period: 'day' },
        scope: { match: { team: ['search'] }, per: ['customerId'] },
        thresholds: [80, 100],
      },
    ]);
  });

  it('changes what is said and nothing else: comments, order and other fields stay', async () => {
    await write(written);
    await genops('budget', 'set', 'team-daily', '--amount', '20');
    expect(await read()).toBe(written.replace('"10" # dollars', '"20" # dollars'));
    await genops('budget', 'set', 'other', '--amount', '5', '--window', 'rolling:3600', '--mode', 'advisory');
    expect((await read()).startsWith(written.replace('"10"', '"20"').trimEnd())).toBe(true);
    expect((await genops('budget', 'list')).output).toContain('rolling 3600 s');
  });

  it('takes one out, and says which there are when it is not there', async () => {
    await write(written);
    expect((await genops('budget', 'remove', 'nobody')).errors).toMatch(/expected one of team-daily/);
    expect((await genops('budget', 'remove', 'team-daily')).code).toBe(0);
    expect((await genops('budget', 'list')).output).toBe('No limit is configured.\n');
  });

  it.each([
    [
      'an amount that is none',
      ['--amount', '1e3', '--window', 'day'],
      /limits.x.amount: expected a plain decimal/,
    ],
    ['a limit that lacks its window', ['--amount', '1'], /limits.x.window/],
    ['a mode nobody knows', ['--amount', '1', '--window', 'day', '--mode', 'strict'], /limits.x.mode/],
    ['a zone nobody knows', ['--amount', '1', '--window', 'day', '--time-zone', 'Mars/One'], /time zone/],
  ])('refuses %s, and leaves the file as it was', async (_, values, message) => {
    await write(written);
    const { code, errors } = await genops('budget', 'set', 'x', ...values);
    expect(code).toBe(2);
    expect(errors).toMatch(message);
    expect(await read()).toBe(written);
    expect(await readdir(directory)).toEqual(['genops.yaml']);
  });
});

describe('genops policy', () => {
  it('keeps a rule, which decides from then on', async () => {
    await genops('policy', 'register', 'no-opus', '--when', 'model=claude-opus*', '--message', 'Ask first.');
    const { policy } = readSettings({}, { environment: {}, directory });
    expect(policy.rules).toMatchObject([
      { id: 'no-opus', effect: 'deny', mode: 'enforced', when: { model: ['claude-opus*'] } },
    ]);
    await genops('policy', 'set', 'no-opus', '--mode', 'shadow');
    expect((await genops('policy', 'list')).output).toMatch(/no-opus +deny +shadow +model=claude-opus\*/);
    await genops('policy', 'remove', 'no-opus');
    expect((await genops('policy', 'list')).output).toBe('No rule is configured.\n');
  });
});

describe('genops key', () => {
  it('shows a new key once, and keeps its digest alone', async () => {
    await write(written);
    const { output } = await genops(
      'key',
      'add',
      'batch',
      '--attribute',
      'team=search',
      '--attribute',
      'plan=gold',
    );
    const [secret] = /genops-[\w-]{43}/.exec(output) as RegExpExecArray;
    const text = await read();
    expect(text).not.toContain(secret);
    const digest = createHash('sha256').update(secret).digest('hex');
    expect(parseConfig(text).virtualKeys).toMatchObject([
      { id: 'web' },
      { id: 'batch', sha256: digest, attribution: { team: 'search', tags: { plan: 'gold' } } },
    ]);
    expect((await genops('key', 'list', '--json')).output).not.toContain(digest);
  });

  it('rotates a key under its name', async () => {
    await genops('key', 'add', 'batch', '--attribute', 'team=search');
    const before = await read();
    const { output } = await genops('key', 'rotate', 'batch');
    const [secret] = /genops-[\w-]{43}/.exec(output) as RegExpExecArray;
    const after = await read();
    expect(after).not.toBe(before);
    expect(after).toContain(createHash('sha256').update(secret).digest('hex'));
    expect(after).toContain('team: search');
  });

  it('never shows what somebody wrote in place of a reference', async () => {
    const slip = 'sk-live-0123456789';
    const added = await genops('key', 'add', 'one', '--secret', slip);
    expect(added).toMatchObject({ code: 2, errors: expect.stringContaining('expected a reference') });
    expect(added.errors).not.toContain(slip);
    await write(
      `virtualKeys: [{ id: one, secret: ${slip} }]\nproviders: [{ type: openai, apiKey: ${slip} }]\n`,
    );
    for (const list of ['key', 'provider'])
      expect((await genops(list, 'list', '--json')).output).not.toContain(slip);
  });

  it('refuses a name twice', async () => {
    await genops('key', 'add', 'one');
    expect((await genops('key', 'add', 'one')).errors).toMatch(/"one" is there already/);
  });
});

describe('genops provider', () => {
  it('adds and takes out what the proxy and the zero-code start understand', async () => {
    await write(written);
    await genops(
      'provider',
      'add',
      'vllm',
      '--id',
      'gpu',
      '--base-url',
      'http://gpu:8000/v1',
      '--models',
      'llama*,qwen*',
    );
    expect(parseConfig(await read()).providers).toMatchObject([
      { type: 'openai' },
      { type: 'vllm', id: 'gpu', baseUrl: 'http://gpu:8000/v1', models: ['llama*', 'qwen*'] },
    ]);
    expect((await genops('provider', 'list')).output).toContain('env:OPENAI_API_KEY');
    await genops('provider', 'remove', 'gpu');
    expect(parseConfig(await read()).providers).toHaveLength(1);
  });

  it('refuses whoever is not known', async () => {
    expect((await genops('provider', 'add', 'acme')).errors).toMatch(/expected one of openai, .*got "acme"/);
  });
});

describe('editing a configuration', () => {
  it('happens one edit at a time, so that none undoes another', async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `limit-${index}`);
    await Promise.all(ids.map((id) => genops('budget', 'set', id, '--amount', '1', '--window', 'day')));
    const { policy } = readSettings({}, { environment: {}, directory });
    expect(policy.limits?.map(({ id }) => id).sort()).toEqual(ids);
  });

  it('says what to do when an edit was broken off', async () => {
    await write(written);
    await writeFile(join(directory, 'genops.yaml.edit'), '');
    const { errors } = await genops('budget', 'set', 'x', '--amount', '1', '--window', 'day');
    expect(errors).toMatch(/remove .*genops.yaml.edit/);
    expect(await read()).toBe(written);
  });

  it('refuses a file that is none, naming the line', async () => {
    await write('limits: [\nmode: enforce\n');
    const { code, errors } = await genops('budget', 'set', 'x', '--amount', '1', '--window', 'day');
    expect(code).toBe(2);
    expect(errors).toMatch(/genops.yaml: line \d/);
  });

  it('does not make a right file wrong', async () => {
    await write('limits: 5\n');
    expect((await genops('budget', 'set', 'x', '--amount', '1', '--window', 'day')).errors).toMatch(
      /expected a list/,
    );
  });

  it('keeps who may read the file, and a link to it', async () => {
    await write(written);
    await chmod(join(directory, 'genops.yaml'), 0o640);
    await symlink('genops.yaml', join(directory, 'linked.yaml'));
    await genops('budget', 'set', 'team-daily', '--amount', '11', '--config', 'linked.yaml');
    expect((await stat(join(directory, 'genops.yaml'))).mode & 0o777).toBe(0o640);
    expect(await read()).toContain('"11" # dollars');
    expect((await readdir(directory)).sort()).toEqual(['genops.yaml', 'genops.yaml.history', 'linked.yaml']);
  });
});

describe('genops config', () => {
  const amounts = async () => {
    const { policy } = readSettings({}, { environment: {}, directory });
    return policy.limits?.map(({ amount }) => amount);
  };
  const set = (amount: string) => genops('budget', 'set', 'team-daily', '--amount', amount);

  it('goes back to what the file said before an edit, to the byte, and forward again', async () => {
    await write(written);
    await set('20');
    const second = await read();
    await set('30');
    const { output } = await genops('config', 'history');
    expect(output.trimEnd().split('\n')).toHaveLength(3);
    expect(output).toMatch(/^ *2 +\d{4}-\d{2}-\d{2}T/m);
    expect((await genops('config', 'rollback', '2')).code).toBe(0);
    expect(await read()).toBe(written);
    // What was there is kept too, so that going back can be taken back.
    await genops('config', 'rollback');
    expect(await amounts()).toEqual(['30']);
    expect((await genops('config', 'show', '3')).output).toBe(second);
  });

  it('keeps the last ten, which nobody else can read', async () => {
    await write(written);
    for (let amount = 11; amount < 24; amount += 1) await set(String(amount));
    const kept = join(directory, 'genops.yaml.history');
    expect(await readdir(kept)).toHaveLength(10);
    expect((await stat(kept)).mode & 0o777).toBe(0o700);
    await genops('config', 'rollback', '10');
    expect(await amounts()).toEqual(['13']);
  });

  it('says that there is nothing to go back to', async () => {
    await write(written);
    expect((await genops('config', 'history')).output).toMatch(/No edit/);
    const { code, errors } = await genops('config', 'rollback');
    expect(code).toBe(2);
    expect(errors).toMatch(/expected a version from genops config history/);
    expect((await genops('config', 'rollback', '-1')).code).toBe(2);
  });

  it('does not go back to what is not right any more', async () => {
    await write(written);
    await set('20');
    const [kept] = await readdir(join(directory, 'genops.yaml.history'));
    await writeFile(join(directory, 'genops.yaml.history', kept as string), 'limits: [{ id: x }]\n');
    const before = await read();
    expect((await genops('config', 'rollback')).errors).toMatch(/limits/);
    expect(await read()).toBe(before);
  });
});
