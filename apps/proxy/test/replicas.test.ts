import { amountOf, money } from '@genops/core';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { onServer } from '@genops/ledger/testing';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, callersKey, folderWith, run } from './programs.ts';

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await startFakeUpstream();
  upstream.setReply({
    delayMs: 5,
    usage: { prompt_tokens: 20, completion_tokens: 50, total_tokens: 70 },
  });
});
afterAll(() => upstream.close());

const yaml = (ledger: string): string => `
server: { port: 0 }
ledger: ${ledger}
providers: [{ type: openai, baseUrl: "${upstream.url}/v1", apiKey: env:UPSTREAM_KEY }]
virtualKeys: [{ id: search, secret: env:VIRTUAL_KEY, attribution: { team: search } }]
limits: [{ id: cap, amount: "0.002", window: lifetime }]
`;
const environmentWith = (more: Record<string, string>): Record<string, string> => ({
  UPSTREAM_KEY: upstream.apiKey,
  VIRTUAL_KEY: callersKey,
  ...more,
});
let schemas = 0;
const newSchema = (): string => `replicas_${process.pid}_${schemas++}`;

/** Asks both by turns, so many at a time. */
async function askBoth(urls: readonly string[], calls: number, together: number): Promise<number[]> {
  const statuses: number[] = [];
  let next = 0;
  const one = async (): Promise<void> => {
    for (let index = next++; index < calls; index = next++) {
      const response = await ask(urls[index % urls.length] as string);
      await response.arrayBuffer();
      statuses.push(response.status);
    }
  };
  await Promise.all(Array.from({ length: together }, one));
  return statuses;
}

async function shareOneBudget(ledger: string, environment: Record<string, string>, databaseUrl: string) {
  const schema = newSchema();
  const { file } = await folderWith(yaml(ledger.replace('SCHEMA', schema)));
  const programs = [0, 1].map(() => run(['--config', file], environment));
  const urls = await Promise.all(programs.map(({ url }) => url));
  const statuses = await askBoth(urls, 160, 24);
  for (const program of programs) program.process.kill('SIGTERM');
  expect(await Promise.all(programs.map(({ exited }) => exited))).toEqual([0, 0]);

  const pool = new Pool({ connectionString: databaseUrl });
  const counted = await openPostgresLedger({ pool, schema });
  const { entries } = await counted.entries({ pageSize: 1000 });
  const sums = await counted.sum({ by: [], filter: { kind: ['settled'] } });
  const verified = await counted.verify();
  await counted.close();
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
  return { statuses, entries, spent: Number(amountOf(sums[0]?.cost ?? money('0'))), verified };
}

onServer('Postgres', postgres, ({ url }) => {
  describe('two replicas on one Postgres', () => {
    it('spend a hard budget together, and never more', async () => {
      const { statuses, entries, spent, verified } = await shareOneBudget(
        '{ driver: postgres, url: env:DATABASE_URL, schema: SCHEMA }',
        environmentWith({ DATABASE_URL: url }),
        url,
      );
      const served = statuses.filter((status) => status === 200).length;
      expect(served).toBeGreaterThan(20);
      expect(served).toBeLessThan(statuses.length);
      expect(new Set(statuses)).toEqual(new Set([200, 429]));
      expect(entries.filter(({ kind }) => kind === 'settled')).toHaveLength(served);
      expect(spent).toBeGreaterThan(0.0015);
      expect(spent).toBeLessThanOrEqual(0.002);
      expect(verified).toMatchObject({ result: 'intact' });
    });

    it('book work in the background once, whichever reads it, both at once', async () => {
      const schema = newSchema();
      const shared = `{ driver: postgres, url: env:DATABASE_URL, schema: ${schema} }`;
      const text = yaml(shared).replace('apiKey:', 'account: shared, apiKey:').replace('0.002', '10');
      const { file } = await folderWith(text);
      const programs = [0, 1].map(() => run(['--config', file], environmentWith({ DATABASE_URL: url })));
      const urls = await Promise.all(programs.map((program) => program.url));
      const usage = { input_tokens: 1000, output_tokens: 200, total_tokens: 1200 };
      const created = { object: 'response', created_at: Math.floor(Date.now() / 1000), background: true };
      const response = { id: 'resp_shared', ...created, model: 'gpt-4o-mini', output: [] };
      const rule = (path: string, body: object): void =>
        void upstream.addRule({ when: { path }, reply: { body } });
      rule('/v1/responses', { ...response, status: 'queued' });
      rule('/v1/responses/resp_shared', { ...response, status: 'completed', usage });
      const headers = { authorization: `Bearer ${callersKey}`, 'content-type': 'application/json' };
      const question = { model: 'gpt-4o-mini', input: 'Hi', background: true };
      const ordered = await fetch(`${urls[0]}/v1/responses`, {
        method: 'POST',
        headers,
        body: JSON.stringify(question),
      });
      expect(ordered.status).toBe(200);
      const read = async (index: number): Promise<string> =>
        (await fetch(`${urls[index % 2]}/v1/responses/resp_shared`, { headers })).text();
      await Promise.all(Array.from({ length: 20 }, (_, index) => read(index)));
      await read(1);
      for (const program of programs) program.process.kill('SIGTERM');
      await Promise.all(programs.map(({ exited }) => exited));
      const pool = new Pool({ connectionString: url });
      const counted = await openPostgresLedger({ pool, schema });
      const { entries } = await counted.entries();
      const [sum] = await counted.sum({ by: ['team'] });
      await counted.close();
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
      expect(entries.map(({ kind, flags }) => [kind, flags?.[0]])).toEqual([
        ['settled', 'results_pending'],
        ['settled', 'result'],
        ['correction', 'results_read'],
      ]);
      // 1000 × 0.15 + 200 × 0.60, per million.
      expect(sum && [amountOf(sum.cost), sum.group['team']]).toEqual(['0.00027', 'search']);
    });

    it('does not say what is in a URL that is wrong', async () => {
      const { file } = await folderWith(yaml('{ driver: postgres, url: env:DATABASE_URL }'));
      const program = run(
        ['--config', file],
        environmentWith({ DATABASE_URL: 'postgres//user:hunter22@host' }),
      );
      expect(await program.exited).toBe(1);
      expect(program.errors()).toContain(
        'ledger.url: the environment variable DATABASE_URL is no URL that begins with postgres:// or postgresql://',
      );
      expect(program.errors()).not.toContain('hunter22');
    });

    it('says that a database does not answer, without its password', async () => {
      const { file } = await folderWith(yaml('{ driver: postgres, url: env:DATABASE_URL }'));
      const program = run(
        ['--config', file],
        environmentWith({ DATABASE_URL: 'postgres://genops:hunter22@127.0.0.1:1/genops' }),
      );
      expect(await program.exited).toBe(1);
      expect(program.errors()).toContain('The postgres ledger is not available');
      expect(program.errors()).not.toContain('hunter22');
    });
  });

  onServer('Redis', redis, ({ url: redisUrl }) => {
    it('keeps one hard budget for two replicas with Redis before Postgres', async () => {
      const { statuses, spent, verified } = await shareOneBudget(
        '{ driver: postgres, url: env:DATABASE_URL, schema: SCHEMA, redis: { url: env:REDIS_URL } }',
        environmentWith({ DATABASE_URL: url, REDIS_URL: redisUrl }),
        url,
      );
      expect(new Set(statuses)).toEqual(new Set([200, 429]));
      expect(spent).toBeGreaterThan(0.0015);
      expect(spent).toBeLessThanOrEqual(0.002);
      expect(verified).toMatchObject({ result: 'intact' });
    });

    it('starts, serves and keeps its budget when Redis is not there', async () => {
      const schema = newSchema();
      const { file } = await folderWith(
        yaml(`{ driver: postgres, url: env:DATABASE_URL, schema: ${schema}, redis: { url: env:REDIS_URL } }`),
      );
      const program = run(
        ['--config', file],
        environmentWith({ DATABASE_URL: url, REDIS_URL: 'redis://127.0.0.1:1' }),
      );
      const statuses = await askBoth([await program.url], 60, 6);
      expect(new Set(statuses)).toEqual(new Set([200, 429]));
      expect(program.errors()).toContain('ECONNREFUSED');
    });
  });
});

describe('a second replica on one SQLite file', () => {
  it('refuses to start, and says what to do', async () => {
    const { file, folder } = await folderWith(yaml('{ driver: sqlite, path: shared.db }'));
    await run(['--config', file, '--data', folder], environmentWith({})).url;
    const second = run(['--config', file, '--data', folder], environmentWith({}));
    expect(await second.exited).toBe(1);
    expect(second.errors()).toContain('shared.db is in use by another writer');
    expect(second.errors()).toContain('several share Postgres');
    expect(second.errors()).not.toContain('    at ');
  });
});

const own = process.env['GENOPS_TEST_POSTGRES_URL'] === undefined ? await startPostgres() : undefined;
if (own !== undefined)
  onServer('Postgres', own, (server) => {
    it('is not ready while its database is gone, stays alive, and comes back by itself', async () => {
      const { file } = await folderWith(yaml('{ driver: postgres, url: env:DATABASE_URL, timeoutMs: 500 }'));
      const program = run(['--config', file], environmentWith({ DATABASE_URL: server.url }));
      const url = await program.url;
      const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`)).status;
      expect(await status('/ready')).toBe(200);
      await server.kill();
      await expect.poll(() => status('/ready'), { timeout: 30_000 }).toBe(503);
      expect(await status('/health')).toBe(200);
      const refused = await ask(url);
      expect(refused.status).toBe(503);
      expect(await refused.text()).toContain('budget_reservation_failed');
      await server.restart();
      await expect.poll(() => status('/ready'), { timeout: 30_000 }).toBe(200);
      expect((await ask(url)).status).toBe(200);
    });
  });
