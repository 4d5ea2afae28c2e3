import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { openSqliteLedgerReader } from '@genops/ledger/sqlite';
import { startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { emptyDirectory, type Program, runProgram } from './program.ts';

const running: Program[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.process.kill('SIGKILL');
    await program.exited;
  }
});

function run(...parameters: Parameters<typeof runProgram>): Program {
  const program = runProgram(...parameters);
  running.push(program);
  return program;
}

describe('the proxy as a program', () => {
  it('serves a simulated provider when there is no key, and prints all that a first call needs', async () => {
    const data = await emptyDirectory();
    const program = run(['--port', '0', '--data', data], {}, data);
    const url = await program.url;
    await expect.poll(program.output).toContain('curl -i');
    const [, key] = /Bearer (gk-\S+)'/.exec(program.output()) ?? [];
    const [, body] = /-d '(.*)'/.exec(program.output()) ?? [];
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body as string,
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: expect.stringContaining('Hello') } }],
    });
    expect(Number(response.headers.get('x-genops-cost'))).toBeGreaterThan(0);
    expect(response.headers.get('x-genops-budget-id')).toBe('starter-daily');
    expect((await stat(join(data, 'virtual-key'))).mode & 0o777).toBe(0o600);

    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key as string, maxRetries: 0 });
    const stream = client.chat.completions.stream({
      model: 'simulated-large',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toContain('Hi');

    program.process.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    expect(program.errors()).toBe('');
  });

  it('keeps its virtual key and its ledger over a restart', async () => {
    const data = await emptyDirectory();
    const first = run(['--port', '0', '--data', data], {}, data);
    await first.url;
    const key = (await readFile(join(data, 'virtual-key'), 'utf8')).trim();
    first.process.kill('SIGINT');
    expect(await first.exited).toBe(0);
    const second = run([], { PORT: '0', GENOPS_DATA_DIR: data }, data);
    await second.url;
    await expect.poll(second.output).toContain(key);
  });

  it.each([
    ['an unknown option', ['--prot', '1'], /--prot/],
    ['a port that is none', ['--port', '70000'], /--port: expected a port/],
    ['a configuration that is not there', ['--config', 'nowhere.yaml'], /nowhere\.yaml: cannot be read/],
  ])('refuses to start with %s', async (_what, values, message) => {
    const program = run(values, { GENOPS_DATA_DIR: await emptyDirectory() });
    expect(await program.exited).toBe(1);
    expect(program.errors()).toMatch(message);
    expect(program.errors()).not.toContain('    at ');
  });

  it.each([
    ['a misspelt key', 'providers: []\nvirtualKyes: []\n', /virtualKyes/],
    [
      'a secret in the file',
      'providers: [{type: openai, apiKey: sk-123}]\nvirtualKeys: [{id: a, sha256: "00"}]',
      /providers\[0\]\.apiKey: expected a reference such as env:/,
    ],
    ['text that is not YAML', 'providers: [', /line \d/],
    [
      'a missing variable',
      `providers: [{type: openai, apiKey: env:NO_SUCH_KEY}]\nvirtualKeys: [{id: a, sha256: "${'0'.repeat(64)}"}]`,
      /providers\[0\]\.apiKey: the environment variable NO_SUCH_KEY is not set/,
    ],
  ])('refuses a configuration with %s, and says where', async (_what, yaml, message) => {
    const data = await emptyDirectory();
    await writeFile(join(data, 'genops.yaml'), yaml);
    const program = run(['--config', join(data, 'genops.yaml'), '--data', data, '--port', '0']);
    expect(await program.exited).toBe(1);
    expect(program.errors()).toMatch(message);
    expect(program.output()).toBe('');
  });

  it('says so when the port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const program = run(
      ['--port', String(port), '--data', await emptyDirectory()],
      {},
      await emptyDirectory(),
    );
    expect(await program.exited).toBe(1);
    expect(program.errors()).toContain(`port: ${port} is in use`);
    taken.close();
  });

  it('says so when the data directory cannot be one', async () => {
    const data = await emptyDirectory();
    await writeFile(join(data, 'file'), '');
    const program = run(['--port', '0', '--data', join(data, 'file')], {}, data);
    expect(await program.exited).toBe(1);
    expect(program.errors()).toMatch(/the data directory cannot be written to/);
  });

  it.skipIf(process.getuid?.() === 0)('says so when the data directory is read-only', async () => {
    const data = await emptyDirectory();
    await mkdir(join(data, 'locked'));
    await chmod(join(data, 'locked'), 0o500);
    const program = run(['--port', '0', '--data', join(data, 'locked')], {}, data);
    expect(await program.exited).toBe(1);
    expect(program.errors()).toMatch(/the data directory cannot be written to/);
  });

  it('does not start twice on one ledger', async () => {
    const data = await emptyDirectory();
    await run(['--port', '0', '--data', data], {}, data).url;
    const second = run(['--port', '0', '--data', data], {}, data);
    expect(await second.exited).toBe(1);
    expect(second.errors()).not.toBe('');
  });
});

describe('a proxy that is killed', () => {
  it('leaves a hold behind that expires, and loses nothing that was answered', async () => {
    const data = await emptyDirectory();
    const upstream = await startFakeUpstream();
    const environment = { UPSTREAM_KEY: upstream.apiKey, VIRTUAL_KEY: 'gk-0123456789abcdef' };
    const config = join(data, 'genops.yaml');
    await writeFile(
      config,
      `server: { port: 0, timeoutMs: 2000, holdGraceMs: 500 }
providers: [{ type: openai, baseUrl: "${upstream.url}/v1", apiKey: env:UPSTREAM_KEY }]
virtualKeys: [{ id: search, secret: env:VIRTUAL_KEY, attribution: { team: search } }]
limits: [{ id: cap, amount: "1", window: lifetime }]
`,
    );
    const start = (): Program => run(['--config', config, '--data', data], environment);
    const ask = async (url: string): Promise<OpenAI.ChatCompletion> =>
      new OpenAI({
        baseURL: `${url}/v1`,
        apiKey: environment.VIRTUAL_KEY,
        maxRetries: 0,
      }).chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'Hi' }],
        max_completion_tokens: 10,
      });

    const first = start();
    const url = await first.url;
    await ask(url);
    await ask(url);
    upstream.holdResponses();
    const unanswered = ask(url).catch(() => 'cut');
    await upstream.waitForHeld(1);
    first.process.kill('SIGKILL');
    await first.exited;
    expect(await unanswered).toBe('cut');
    upstream.releaseAll();

    const second = start();
    await ask(await second.url);
    const ledger = await openSqliteLedgerReader({ path: join(data, 'ledger.db') });
    const kinds = async (): Promise<string[]> => (await ledger.entries()).entries.map((entry) => entry.kind);
    expect((await kinds()).filter((kind) => kind === 'settled')).toHaveLength(3);
    await expect.poll(kinds, { timeout: 10_000 }).toContain('expired');
    expect(await kinds()).toHaveLength(4);
    expect(await ledger.verify()).toMatchObject({ result: 'intact' });
    await ledger.close();
    await upstream.close();
  });
});
