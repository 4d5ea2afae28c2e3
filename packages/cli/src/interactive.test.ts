import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readSettings } from '@genops/register/api';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPerson, emptyDirectory, enter, genops, interrupt, type Person, yes } from '../test/genops.ts';

const apiKey = 'sk-proj-0123456789abcdefghij';
let upstream: FakeUpstream;
let directory: string;
let person: Person;

beforeAll(async () => {
  upstream = await startFakeUpstream({ apiKey });
});
afterAll(() => upstream.close());
beforeEach(async () => {
  directory = await emptyDirectory();
  person = createPerson();
});

function doctor(environment: Record<string, string>, ...values: string[]): ReturnType<typeof genops> {
  return genops(directory, ['validate', 'openai', '--interactive', ...values], {
    terminal: person.terminal,
    environment: {
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      OTEL_EXPORTER_OTLP_ENDPOINT: upstream.url,
      GENOPS_PROJECT: 'ranking',
      GENOPS_ENVIRONMENT: 'test',
      ...environment,
    },
  });
}

describe('genops validate --interactive', () => {
  it('puts right what somebody agrees to, and looks again', async () => {
    await writeFile(join(directory, '.env'), '# Mine\nOTHER=1\n');
    await writeFile(join(directory, 'genops.yaml'), 'mode: enforce # for real\n');
    const running = doctor({});
    await person.answer('error key-missing', '');
    await person.answer('Put it right here?', yes);
    await person.answer('The key for OpenAI', `${apiKey}${enter}`);
    await person.answer('Write OPENAI_API_KEY=…, into', yes);
    await person.answer('budget-missing', '');
    await person.answer('Put it right here?', yes);
    await person.answer('cost, in USD', `25${enter}`);
    await person.answer('Write limits', yes);
    await person.answer('Put it right here?', yes);
    await person.answer('What is the team', `search${enter}`);
    await person.answer('Write attribution.team: search', yes);
    const { code, output, errors } = await running;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toMatch(/Not ready: [\s\S]*Ready: /);
    expect(output).toContain('node --env-file=');

    expect(parseEnv(await readFile(join(directory, '.env'), 'utf8'))).toEqual({
      OTHER: '1',
      OPENAI_API_KEY: apiKey,
    });
    expect((await readFile(join(directory, '.env'), 'utf8')).startsWith('# Mine\n')).toBe(true);
    expect((await stat(join(directory, '.env'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, 'genops.yaml'), 'utf8')).toContain('mode: enforce # for real');
    const { attribution, policy } = readSettings({}, { environment: {}, directory });
    expect(attribution).toEqual({ team: 'search' });
    expect(policy.limits).toMatchObject([{ id: 'daily', amount: '25' }]);
    // What was typed is nowhere to be seen.
    expect(person.seen() + output).not.toContain(apiKey);
  });

  it('writes nothing that was not agreed to', async () => {
    const running = doctor({ OPENAI_API_KEY: apiKey, GENOPS_DAILY_BUDGET_LIMIT: '25' });
    await person.answer('attribution-missing', '');
    await person.answer('Put it right here?', yes);
    await person.answer('What is the team', `search${enter}`);
    await person.answer('Write attribution.team', 'n');
    await person.answer('Nothing was written', '');
    expect((await running).code).toBe(0);
    expect(await readdir(directory)).toEqual([]);
  });

  it('stops at Ctrl-C', async () => {
    const running = doctor({});
    await person.answer('Put it right here?', interrupt);
    expect(await running).toMatchObject({ code: 1, errors: 'Stopped.\n' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('asks nothing where all is well', async () => {
    await writeFile(join(directory, '.env'), `OPENAI_API_KEY=${apiKey}\nGENOPS_TEAM=search\n`);
    const { code, output } = await doctor(
      { GENOPS_DAILY_BUDGET_LIMIT: '25', GENOPS_MODELS: 'gpt-4o-mini' },
      '--env-file',
      '.env',
    );
    expect(code).toBe(0);
    expect(output).toMatch(/^Ready/m);
    expect(person.seen()).toBe('');
  });

  it('says that it needs a terminal, and ends with 2', async () => {
    const { code, errors } = await genops(directory, ['doctor', '--interactive']);
    expect(code).toBe(2);
    expect(errors).toMatch(/--interactive: expected a terminal.*every finding says what to do/);
  });
});
