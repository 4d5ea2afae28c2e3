import { randomUUID } from 'node:crypto';
import { createGovernor } from '@genops/governor';
import { createMemoryLedger } from '@genops/ledger/memory';
import { startRedis } from '@genops/ledger/testing/servers';
import { startFakeUpstream } from '@genops/testing';
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { afterAll, describe, expect, it } from 'vitest';
import { createRedisCache, helicone, instrumentHelicone } from './src/index.ts';

const redis = await startRedis();
const upstream = await startFakeUpstream();
const url = redis.result === 'started' ? redis.server.url : '';
const clients: Redis[] = [];
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await upstream.close();
  if (redis.result === 'started') await redis.server.stop();
});

function connect(): Redis {
  const client = new Redis(url);
  clients.push(client);
  return client;
}

const skipped = redis.result === 'started' ? '' : ` (SKIPPED: ${redis.reason})`;

describe.skipIf(redis.result !== 'started')(`createRedisCache with a real Redis${skipped}`, () => {
  it('shares answers between processes that know nothing of each other, tenant by tenant', async () => {
    upstream.setReply({ text: 'Paris.' });
    const prefix = `${randomUUID()}:`;
    const start = () => {
      const governor = createGovernor({ providers: [helicone], ledger: createMemoryLedger() });
      const adapter = instrumentHelicone({
        governor,
        client: new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: upstream.apiKey }),
        routes: { openai: 'gpt-4o-mini' },
      });
      adapter.enableCaching({ cacheProvider: createRedisCache(connect(), prefix), cacheTtl: 60 });
      return { governor, adapter };
    };
    const [one, two] = [start(), start()];
    const asked = { message: 'Capital of France?', customerId: 'acme' };
    expect((await one.adapter.chat(asked)).cached).toBeUndefined();
    const again = await two.adapter.chat(asked);
    expect(again).toMatchObject({ text: 'Paris.', cached: 'own' });
    expect(again.cost?.amount.toFixed()).toBe('0');
    expect((await two.adapter.chat({ ...asked, customerId: 'globex' })).cached).toBeUndefined();
    expect(upstream.requests).toHaveLength(2);
    // Neither question nor tenant can be read off the keys.
    const keys = await connect().keys(`${prefix}*`);
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(key).toMatch(/:[0-9a-f]{64}$/);
    await one.governor.close();
    await two.governor.close();
  });

  it('forgets when the time is over, by the clock of Redis', async () => {
    const client = connect();
    const cache = createRedisCache(client, `${randomUUID()}:`);
    await cache.set('key', 'value', 1);
    expect(await cache.get('key')).toBe('value');
    await expect.poll(() => cache.get('key'), { timeout: 5_000 }).toBeUndefined();
  });

  it('finds nothing that was never kept', async () => {
    expect(await createRedisCache(connect(), randomUUID()).get('key')).toBeUndefined();
  });
});
