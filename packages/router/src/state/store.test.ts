import { randomUUID } from 'node:crypto';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { createRouter } from '../router.ts';
import type { RouterState } from './facts.ts';
import { openPostgresStateStore } from './postgres.ts';
import { createRedisStateStore } from './redis.ts';
import { createMemoryStateStore, type RouterStateStore } from './store.ts';

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
const client = redis.result === 'started' ? new Redis(redis.server.url) : undefined;
const pool = postgres.result === 'started' ? new Pool({ connectionString: postgres.server.url }) : undefined;

afterAll(async () => {
  client?.disconnect();
  await pool?.end();
  if (redis.result === 'started') await redis.server.stop();
  if (postgres.result === 'started') await postgres.server.stop();
});

const stores: Readonly<Record<string, (() => Promise<RouterStateStore>) | undefined>> = {
  memory: async () => createMemoryStateStore(Date.now),
  redis: client && (async () => createRedisStateStore({ redis: client, name: randomUUID() })),
  postgres:
    pool && (() => openPostgresStateStore({ pool, table: `router_${randomUUID().replaceAll('-', '')}` })),
};

describe.each(Object.entries(stores))('a state store on %s', (_, open) => {
  const test = open === undefined ? it.skip : it;
  const opened = () => (open as NonNullable<typeof open>)();

  test('hands a replica what the others put last, and not its own', async () => {
    const store = await opened();
    const state = (id: string): RouterState => ({
      keys: [],
      breakers: [{ id, breaker: { openUntilMs: 1, opens: 1, changedAtMs: 1 } }],
    });
    await store.put('a', state('old'), 60_000);
    await store.put('a', state('from a'), 60_000);
    await store.put('b', state('from b'), 60_000);
    expect(await store.others('a')).toEqual([state('from b')]);
    expect(await store.others('c')).toHaveLength(2);
  });

  test('forgets a replica that is gone', async () => {
    const store = await opened();
    await store.put('a', { keys: [], breakers: [] }, 50);
    await store.put('b', { keys: [], breakers: [] }, 60_000);
    await expect.poll(() => store.others('c')).toHaveLength(1);
  });

  test('tells a replica that starts later which keys rest, and not what was said of an older secret', async () => {
    const store = await opened();
    let now = Date.parse('2026-03-01T00:00:00Z');
    const make = () => {
      const router = createRouter({ nowMs: () => now, seed: 's' });
      for (const id of ['out', 'wrong', 'fine']) {
        router.keys.register({ id, provider: 'a', secret: `sk-${id}` });
      }
      return router;
    };
    const early = make();
    now += 1;
    early.keys.setState('out', 'exhausted', { cooldownMs: 60_000 });
    early.keys.setState('wrong', 'invalid');
    await early.exchange(store, 'early');
    now += 1_000;
    const late = make();
    await late.exchange(store, 'late');
    const stateOf = (id: string) => late.keys.get(id)?.state;
    expect([stateOf('out'), stateOf('wrong'), stateOf('fine')]).toEqual([
      'exhausted',
      'available',
      'available',
    ]);
    now += 60_000;
    await late.exchange(store, 'late');
    expect(stateOf('out')).not.toBe('exhausted');
  });

  test('lets every replica leave alone what failed on one, and come back when one found it well', async () => {
    const store = await opened();
    let now = Date.parse('2026-03-01T00:00:00Z');
    const make = () => {
      const router = createRouter({ nowMs: () => now, breaker: { failures: 3, openMs: 10_000 }, seed: 's' });
      for (const id of ['k1', 'k2']) router.keys.register({ id, provider: 'a', secret: `sk-${id}` });
      return router;
    };
    const [here, there] = [make(), make()];
    const request = (id: string) => ({
      id,
      targets: [{ target: { id: 'a/m', provider: 'a', model: 'm' } }],
      needs: { inputTokens: 1, outputTokens: 1 },
      stream: false,
    });
    const run = (router: typeof here, id: string, works: boolean) =>
      router.run(router.plan(request(id)), {
        deadlineMs: 1_000,
        signal: new AbortController().signal,
        attemptOnce: async () =>
          works
            ? { result: 'succeeded', answer: 1, headers: {} }
            : { result: 'failed', answer: 0, failure: { kind: 'no_answer', message: '' } },
      });
    now += 1;
    for (const id of ['1', '2', '3']) await run(there, id, false);
    there.keys.setState('k1', 'throttled', { cooldownMs: 60_000 });
    await there.exchange(store, 'there');
    await here.exchange(store, 'here');
    expect(here.plan(request('4')).routes).toEqual([]);
    expect(here.keys.get('k1')?.state).toBe('throttled');

    now += 10_000;
    await run(here, '5', true);
    await here.exchange(store, 'here');
    await there.exchange(store, 'there');
    expect(there.plan(request('6')).routes[0]?.keyId).toBe('k2');
    expect(JSON.stringify(await store.others('nobody'))).not.toContain('sk-');
  });
});
