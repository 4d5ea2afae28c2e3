import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onServer } from '@genops/ledger/testing';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { type FakeUpstream, startFakeUpstream } from '@genops/testing';
import OpenAI from 'openai';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkConfig } from '../src/config.ts';
import { openLedger } from '../src/open-ledger.ts';
import { type RunningProxy, startProxy } from '../src/proxy.ts';
import { virtualKey } from './running-proxy.ts';

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
/** Takes any key. */
let first: { readonly url: string; failures: number; close(): void };
let second: FakeUpstream;
let replicas: RunningProxy[] = [];
let schemas = 0;

beforeAll(async () => {
  first = await startProvider();
  second = await startFakeUpstream({ apiKey: 'sk-second' });
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.close()));
  replicas = [];
  first.failures = 0;
  second.reset();
});
afterAll(async () => {
  first.close();
  await second.close();
});

async function startProvider(): Promise<typeof first> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      provider.failures -= 1;
      response.writeHead(provider.failures >= 0 ? 503 : 200, { 'content-type': 'application/json' });
      response.end(provider.failures >= 0 ? '{"error":{"message":"busy"}}' : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const provider = { url: `http://127.0.0.1:${port}`, failures: 0, close: () => void server.close() };
  return provider;
}

const answer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Noon.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
};

async function replica(
  schema: string,
  environment: Record<string, string>,
  routing: object,
): Promise<RunningProxy> {
  const config = checkConfig({
    server: { port: 0 },
    ledger: {
      driver: 'postgres',
      url: 'env:DATABASE_URL',
      schema,
      ...('REDIS_URL' in environment && { redis: { url: 'env:REDIS_URL' } }),
    },
    providers: [
      {
        type: 'openai',
        baseUrl: `${first.url}/v1`,
        keys: ['a', 'b', 'c'].map((id) => ({ id, secret: `env:KEY_${id.toUpperCase()}` })),
      },
      { type: 'openrouter', baseUrl: `${second.url}/v1`, apiKey: 'env:SECOND_KEY' },
    ],
    virtualKeys: [{ id: 'search', secret: 'env:VIRTUAL_KEY' }],
    routing: {
      strategy: 'failover',
      shared: { everyMs: 50 },
      ...routing,
      routes: [
        {
          models: ['*'],
          targets: [{ provider: 'openai' }, { provider: 'openrouter', model: 'openai/gpt-4o-mini' }],
        },
      ],
    },
  });
  const onError = (error: unknown) => expect(error).toBeUndefined();
  const dataDirectory = await mkdtemp(join(tmpdir(), 'genops-replica-'));
  const opened = await openLedger(config.ledger, { dataDirectory, environment, onError });
  const { ledger, routerStates } = opened;
  if (routerStates === undefined) throw new Error('expected replicas to share what they know');
  const proxy = await startProxy({ config, ledger, routerStates, environment, onError });
  replicas.push(proxy);
  return proxy;
}

async function askOf(proxy: RunningProxy, sessionId: string) {
  const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: virtualKey, maxRetries: 0 });
  const { response } = await client.chat.completions
    .create(
      { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 },
      { headers: { 'x-genops-session-id': sessionId } },
    )
    .withResponse();
  const operationId = response.headers.get('x-genops-request-id') as string;
  const { entries } = await proxy.governor.ledger.entries({ filter: { operationId } });
  const last = entries.at(-1);
  return { provider: last?.provider, keyId: last?.providerKeyId, routing: last?.decision.routing };
}

const exchanged = () => new Promise((resolve) => setTimeout(resolve, 400));

function shareWhatTheyKnow(name: string, environment: Record<string, string>, databaseUrl: string): void {
  describe(`two replicas that meet in ${name}`, () => {
    const all = {
      KEY_A: 'sk-a',
      KEY_B: 'sk-b',
      KEY_C: 'sk-c',
      SECOND_KEY: 'sk-second',
      VIRTUAL_KEY: virtualKey,
      DATABASE_URL: databaseUrl,
      ...environment,
    };
    const two = async (routing: object = {}) => {
      const schema = `routing_${process.pid}_${schemas++}`;
      return [await replica(schema, all, routing), await replica(schema, all, routing)] as const;
    };
    const cleared = async () => {
      const pool = new Pool({ connectionString: databaseUrl });
      for (let schema = 0; schema < schemas; schema += 1)
        await pool.query(`DROP SCHEMA IF EXISTS routing_${process.pid}_${schema} CASCADE`);
      await pool.end();
    };
    afterAll(cleared);

    it('keep a session at the place and key that served it, whichever is asked', async () => {
      const [here, there] = await two();
      // The first place is out for one call alone.
      first.failures = 1;
      const before = await askOf(here, 'moved');
      expect(before.provider).toBe('openrouter');
      await exchanged();
      const after = await askOf(there, 'moved');
      expect(after.provider).toBe('openrouter');
      expect(after.routing?.candidates[0]?.reason).toContain('sticky session');
      expect(after.routing?.asked?.preferred).toMatchObject({ targetId: 'openrouter/openai/gpt-4o-mini' });
      expect((await askOf(there, 'another')).provider).toBe('openai');
    });

    it('choose the same key for a session before they have told one another anything', async () => {
      const [here, there] = await two({ shared: false });
      const keys = new Set<string | undefined>();
      for (let session = 0; session < 12; session += 1) {
        const one = await askOf(here, `s${session}`);
        const other = await askOf(there, `s${session}`);
        expect(one).toMatchObject({ provider: 'openai', keyId: expect.stringMatching(/^[abc]$/) });
        expect(other.keyId).toBe(one.keyId);
        keys.add(one.keyId);
      }
      expect(keys.size).toBe(3);
    });

    it('leave alone what failed on the other one', async () => {
      const [here, there] = await two();
      here.governor.router.keys.setState('a', 'throttled', { cooldownMs: 60_000 });
      await exchanged();
      expect(there.governor.router.keys.get('a')?.state).toBe('throttled');
      for (let call = 0; call < 6; call += 1) expect((await askOf(there, `c${call}`)).keyId).not.toBe('a');
    });
  });
}

onServer('Postgres', postgres, ({ url }) => {
  shareWhatTheyKnow('Postgres', {}, url);
  onServer('Redis', redis, (server) => shareWhatTheyKnow('Redis', { REDIS_URL: server.url }, url));
});
