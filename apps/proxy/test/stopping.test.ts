import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openSqliteLedgerReader } from '@genops/ledger/sqlite';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Program } from './program.ts';
import { ask, callersKey, folderWith, run } from './programs.ts';

let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await startFakeUpstream({
    rules: [
      { when: { model: 'gpt-4o' }, reply: { chunks: Number.POSITIVE_INFINITY, chunkDelayMs: 100 } },
      { when: { model: 'gpt-4o-mini' }, reply: { chunks: 20, chunkDelayMs: 50 } },
    ],
  });
});
afterAll(() => upstream.close());

async function start(server: string): Promise<Program & { readonly folder: string }> {
  const { file, folder } = await folderWith(`
server: { port: 0, ${server} }
providers: [{ type: openai, baseUrl: "${upstream.url}/v1", apiKey: env:UPSTREAM_KEY }]
virtualKeys: [{ id: search, secret: env:VIRTUAL_KEY, attribution: { team: search } }]
limits: [{ id: cap, amount: "100", window: lifetime }]
`);
  const environment = { UPSTREAM_KEY: upstream.apiKey, VIRTUAL_KEY: callersKey };
  const program = run(['--config', file, '--data', folder], environment);
  await program.url;
  return { ...program, folder };
}

/** A stream that has begun, and what all of it will have said. */
async function begin(url: string, model: string): Promise<{ readonly rest: Promise<string> }> {
  const response = await ask(url, { model, stream: true, max_completion_tokens: 4000 });
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const first = await reader.read();
  const readOn = async (): Promise<string> => {
    const chunks = [first.value ?? new Uint8Array()];
    for (let part = await reader.read(); !part.done; part = await reader.read()) chunks.push(part.value);
    return Buffer.concat(chunks).toString();
  };
  return { rest: readOn() };
}

async function entriesIn(folder: string) {
  const ledger = await openSqliteLedgerReader({ path: join(folder, 'ledger.db') });
  const { entries } = await ledger.entries({ pageSize: 1000 });
  const verified = await ledger.verify();
  await ledger.close();
  expect(verified).toMatchObject({ result: 'intact' });
  return entries;
}

describe('a proxy that is told to stop', () => {
  it('says that it is not ready first, and still takes calls until the delay is over', async () => {
    const program = await start('drainDelayMs: 2000');
    const url = await program.url;
    program.process.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/ready`)).status, { interval: 20 }).toBe(503);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const late = await ask(url);
    expect(late.status).toBe(200);
    expect(late.headers.get('connection')).toBe('close');
    await late.arrayBuffer();
    expect(await program.exited).toBe(0);
    expect(await entriesIn(program.folder)).toHaveLength(1);
  });

  it('lets streams finish within the grace, ends the others with an error, and has an entry for each', async () => {
    const program = await start('shutdownGraceMs: 3000');
    const url = await program.url;
    const short = await Promise.all(Array.from({ length: 40 }, () => begin(url, 'gpt-4o-mini')));
    const endless = await Promise.all(Array.from({ length: 40 }, () => begin(url, 'gpt-4o')));
    program.process.kill('SIGTERM');
    const finished = await Promise.all(short.map(({ rest }) => rest));
    const cut = await Promise.all(endless.map(({ rest }) => rest));
    expect(await program.exited).toBe(0);

    expect(finished.filter((text) => text.endsWith('data: [DONE]\n\n'))).toHaveLength(40);
    const lastEvents = cut.map((text) => text.trimEnd().split('\n\n').at(-1)?.slice('data: '.length) ?? '');
    for (const last of lastEvents) {
      expect(JSON.parse(last)).toMatchObject({
        error: { code: 'provider_answer_incomplete', message: 'The proxy is stopping' },
      });
    }
    const entries = await entriesIn(program.folder);
    const by = (model: string) => entries.filter(({ requestModel }) => requestModel === model);
    expect(by('gpt-4o-mini').map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(
      Array(40).fill('settled completed'),
    );
    expect(by('gpt-4o').map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(
      Array(40).fill('settled incomplete'),
    );
    expect(program.errors()).toBe('');
  });

  it('ends what is under way at once when it is told again, each call with its entry', async () => {
    const program = await start('shutdownGraceMs: 600000');
    const url = await program.url;
    const endless = await Promise.all([begin(url, 'gpt-4o'), begin(url, 'gpt-4o')]);
    upstream.holdResponses();
    const silent = ask(url);
    await upstream.waitForHeld(1);
    program.process.kill('SIGTERM');
    await expect.poll(program.output, { timeout: 30_000 }).toContain('Stopping:');
    await wait(1_200);
    const againMs = performance.now();
    program.process.kill('SIGTERM');
    for (const { rest } of endless) expect(await rest).toContain('The proxy is stopping');
    const answer = await silent;
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain('The proxy is stopping');
    expect(await program.exited).toBe(0);
    expect(performance.now() - againMs).toBeLessThan(10_000);
    upstream.releaseAll();
    const entries = await entriesIn(program.folder);
    expect(new Set(entries.map(({ operationId }) => operationId)).size).toBe(3);
    expect(entries.every(({ kind }) => kind === 'settled' || kind === 'released')).toBe(true);
  });

  it.each([50, 300, 700, 1100])('ends when it is told %i ms after it was started', async (afterMs) => {
    const { file, folder } = await folderWith(`
server: { port: 0 }
providers: [{ type: simulated }]
virtualKeys: [{ id: search, secret: env:VIRTUAL_KEY }]
limits: [{ id: cap, amount: "1", window: lifetime }]
`);
    const environment = { VIRTUAL_KEY: callersKey };
    const first = run(['--config', file, '--data', folder], environment);
    await wait(afterMs);
    first.process.kill('SIGTERM');
    expect([0, null]).toContain(await first.exited);
    expect(first.errors()).toBe('');
    const second = run(['--config', file, '--data', folder], environment);
    expect((await ask(await second.url, { model: 'simulated-small' })).status).toBe(200);
  });
});
