import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { openRedisLedger } from '@genops/ledger/redis';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { Cluster, Redis } from 'ioredis';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DurableLedger } from '../src/ledger.ts';
import type { RedisClient } from '../src/redis/client.ts';
import { budget, costOf, draw, hold, reserveRequest, settledEntry } from '../src/testing/samples.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { redisStore } from './stores.ts';

/** Reads what it kept slowly, and answers meanwhile that it does. */
const slowToLoad = { 'key-load-delay': '2000', 'loading-process-events-interval-bytes': '1024' };

const [postgres, redis, cluster, primary, replica, loading] = await Promise.all([
  startPostgres(),
  startRedis(),
  startRedis({ cluster: true }),
  startRedis({ ownOnly: true }),
  startRedis({ ownOnly: true }),
  startRedis({ settings: slowToLoad }),
]);

onServer('Postgres', postgres, ({ url }) => {
  onServer('Redis', redis, (redisServer) => {
    let store: ReturnType<typeof redisStore>;
    let ledger: DurableLedger;
    let troubles: unknown[];

    beforeEach(async () => {
      store = redisStore(url, redisServer.url);
      troubles = [];
      ledger = await openLedger();
      await hold(ledger, reserveRequest('a', [draw(budget(), '1')]));
    });

    afterEach(async () => {
      await ledger.close();
      await store.remove();
    });

    const openLedger = (copyLivesMs = 60_000) =>
      openRedisLedger({
        pool: store.pool,
        schema: store.schema,
        redis: store.redis,
        copyLivesMs,
        onRedisError: (error) => troubles.push(error),
      });
    const tryMore = (id: string) => ledger.reserve(reserveRequest(id, [draw(budget(), '0.1')]));
    const release = () => ledger.release({ id: 'a', entry: settledEntry('a', costOf('0')) });
    describe('a limit that has run out', () => {
      it('is refused without asking the database', async () => {
        expect(await tryMore('b')).toMatchObject({ result: 'refused' });
        // Nobody can use the ledger's tables now.
        const other = await store.pool.connect();
        await other.query(`BEGIN; LOCK TABLE ${store.schema}.head`);
        for (let call = 0; call < 50; call += 1) {
          expect(await tryMore(`call-${call}`)).toMatchObject({
            result: 'refused',
            shortfall: { state: { limitId: 'monthly', held: '1', available: '0' }, needed: '0.1' },
          });
        }
        await other.query('ROLLBACK');
        other.release();
      });

      it('admits again as soon as there is room', async () => {
        expect(await tryMore('b')).toMatchObject({ result: 'refused' });
        await release();
        expect(await tryMore('b')).toMatchObject({ result: 'held' });
      });

      it('still knows a call that it has admitted', async () => {
        expect(await tryMore('b')).toMatchObject({ result: 'refused' });
        expect(await ledger.reserve(reserveRequest('a', [draw(budget(), '1')]))).toMatchObject({
          result: 'held',
        });
      });

      it('admits when its amount is raised', async () => {
        expect(await tryMore('b')).toMatchObject({ result: 'refused' });
        await hold(ledger, reserveRequest('b', [draw(budget({ amount: '2' }), '0.1')]));
      });
    });

    describe('Redis', () => {
      it('has no key that lives for ever', async () => {
        await tryMore('b');
        await release();
        const keys = await store.redis.keys(`*${store.schema}*`);
        expect(keys.length).toBeGreaterThan(1);
        for (const key of keys) expect(await store.redis.pttl(key)).toBeGreaterThan(0);
      });

      it('keeps all keys of a ledger on one node of a cluster', async () => {
        await tryMore('b');
        const keys = await store.redis.keys(`*${store.schema}*`);
        expect(keys.every((key) => key.startsWith(`{genops:${store.schema}}:`))).toBe(true);
      });

      it('may forget its scripts', async () => {
        await tryMore('b');
        await store.redis.script('FLUSH');
        expect(await tryMore('c')).toMatchObject({ result: 'refused' });
        expect(troubles).toEqual([]);
      });

      it('may forget everything: nothing is overspent, and copies are made anew', async () => {
        await tryMore('b');
        await store.redis.flushall();
        expect(await tryMore('c')).toMatchObject({ result: 'refused' });
        expect(await store.redis.keys(`*${store.schema}*account*`)).toHaveLength(1);
      });

      it('may have fallen behind for as long as a copy lives', async () => {
        await ledger.close();
        ledger = await openLedger(200);
        await tryMore('b');
        const [key = ''] = await store.redis.keys(`*${store.schema}*account*`);
        const copy = await store.redis.hgetall(key);
        await release();
        await store.redis.hset(key, copy);
        await store.redis.pexpire(key, 200);
        expect(await tryMore('c')).toMatchObject({ result: 'refused' });
        await expect.poll(() => tryMore('d')).toMatchObject({ result: 'held' });
      });

      it('does not put an older copy over a newer one', async () => {
        await tryMore('b');
        const [key = ''] = await store.redis.keys(`*${store.schema}*account*`);
        await store.redis.hset(key, { version: '999999', copy: (await store.redis.hget(key, 'copy')) ?? '' });
        await release();
        expect(await store.redis.hget(key, 'version')).toBe('999999');
      });

      it.runIf(process.env['GENOPS_TEST_REDIS_URL'] === undefined)(
        'may be killed and come back empty',
        { timeout: 30_000 },
        async () => {
          await tryMore('b');
          await redisServer.kill();
          expect(await tryMore('c')).toMatchObject({ result: 'refused' });
          await release();
          expect(await tryMore('d')).toMatchObject({ result: 'held' });
          expect(troubles.length).toBeGreaterThan(0);
          await redisServer.restart();
          expect(await ledger.states([{ limit: budget(), bucket: '' }])).toMatchObject([{ held: '0.1' }]);
          await expect
            .poll(
              async () => {
                await ledger.reserve(reserveRequest(randomUUID(), [draw(budget(), '1')]));
                return store.redis.keys(`*${store.schema}*account*`);
              },
              { timeout: 20_000 },
            )
            .toHaveLength(1);
        },
      );

      it.each<[string, string[], string[]]>([
        ['has no memory left', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
        ['may only be read', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
      ])('that %s changes no answer', async (_, [command = '', ...args], [undo = '', ...undoArgs]) => {
        await store.redis.call(command, ...args);
        try {
          expect(await tryMore('b')).toMatchObject({ result: 'refused' });
          await release();
          expect(await tryMore('c')).toMatchObject({ result: 'held' });
          expect(await ledger.reserve(reserveRequest('d', [draw(budget(), '0.95')]))).toMatchObject({
            result: 'refused',
          });
          expect(troubles.map(String).join()).toMatch(/OOM|READONLY|MASTERDOWN/);
        } finally {
          await store.redis.call(undo, ...undoArgs);
        }
        expect(await ledger.verify()).toMatchObject({ result: 'intact' });
      });

      it('that is slow costs a call no more than the time given', async () => {
        await tryMore('b');
        await store.redis.call('CLIENT', 'PAUSE', '3000', 'ALL');
        const started = performance.now();
        for (let call = 0; call < 20; call += 1)
          expect(await tryMore(`call-${call}`)).toMatchObject({ result: 'refused' });
        // Five calls wait in vain, each twice at most; then Redis is left alone.
        expect(performance.now() - started).toBeLessThan(2500);
        await store.redis.call('CLIENT', 'UNPAUSE');
      });
    });
  });

  onServer('Redis', primary, (first) => {
    onServer('second Redis', replica, (second) => {
      it('that fails over to a replica without the last copies overspends nothing', {
        timeout: 30_000,
      }, async () => {
        const { hostname, port } = new URL(first.url);
        const [old, young] = [new Redis(first.url), new Redis(second.url)];
        for (const client of [old, young]) client.on('error', () => {});
        await young.replicaof(hostname, Number(port));
        await expect
          .poll(() => young.info('replication'), { timeout: 10_000 })
          .toContain('master_link_status:up');
        /** Whatever is asked goes to the one that is the primary by now. */
        let serving = old;
        const client: RedisClient = {
          evalsha: (...call) => serving.evalsha(...call),
          eval: (...call) => serving.eval(...call),
        };
        const store = redisStore(url, first.url);
        const copyLivesMs = 3000;
        const { pool, schema } = store;
        const ledgers = await Promise.all(
          [1, 2].map(() => openRedisLedger({ pool, schema, redis: client, copyLivesMs })),
        );
        const [one, other] = ledgers as [DurableLedger, DurableLedger];
        const tryMore = (ledger: DurableLedger, id: string, amount = '0.1') =>
          ledger.reserve(reserveRequest(id, [draw(budget(), amount)]));
        await hold(one, reserveRequest('a', [draw(budget(), '1')]));
        expect(await tryMore(other, 'b')).toMatchObject({ result: 'refused' });
        await expect.poll(() => young.keys(`*${schema}*account*`)).toHaveLength(1);
        // From here on nothing reaches the replica; then it is the primary.
        await young.replicaof('NO', 'ONE');
        await one.release({ id: 'a', entry: settledEntry('a', costOf('0')) });
        await hold(one, reserveRequest('c', [draw(budget(), '0.7')]));
        await first.kill();
        serving = young;
        // The copy that stayed behind says that all is held: it may refuse for as long as it lives, and admit nothing.
        const late = await Promise.all(
          Array.from({ length: 40 }, (_, call) => tryMore(call % 2 === 0 ? one : other, `late-${call}`)),
        );
        expect(late.filter(({ result }) => result === 'held').length).toBeLessThanOrEqual(3);
        await expect
          .poll(() => tryMore(other, randomUUID(), '0.0001'), { timeout: 10_000 })
          .toMatchObject({ result: 'held' });
        await Promise.all(Array.from({ length: 40 }, (_, call) => tryMore(one, `last-${call}`)));
        const [state] = await one.states([{ limit: budget(), bucket: '' }]);
        expect(Number(state?.held)).toBeLessThanOrEqual(1);
        expect(Number(state?.held)).toBeGreaterThan(0.9);
        expect(await one.verify()).toMatchObject({ result: 'intact' });
        for (const ledger of ledgers) await ledger.close();
        for (const ended of [old, young]) ended.disconnect();
        await store.remove();
      });
    });
  });

  onServer('Redis', loading, (server) => {
    it('that loads what it kept is done without, and what it kept of long ago is not believed', {
      timeout: 60_000,
    }, async () => {
      const redis = new Redis(server.url, { enableReadyCheck: false });
      redis.on('error', () => {});
      const { pool, schema, remove } = redisStore(url, server.url);
      const troubles: string[] = [];
      const ledger = await openRedisLedger({
        pool,
        schema,
        redis,
        copyLivesMs: 60_000,
        onRedisError: (error) => troubles.push(String(error)),
      });
      const tryMore = (id: string, amount: string) =>
        ledger.reserve(reserveRequest(id, [draw(budget(), amount)]));
      await hold(ledger, reserveRequest('a', [draw(budget(), '0.5')]));
      for (let key = 0; key < 1000; key += 1) await redis.set(`ballast-${key}`, 'x'.repeat(2000));
      await redis.save();
      // Of this its file knows nothing.
      await hold(ledger, reserveRequest('b', [draw(budget(), '0.4')]));
      await server.kill();
      const restarted = server.restart();
      let under = true;
      const [during, said]: [string[], string[]] = [[], []];
      void restarted.then(() => {
        under = false;
      });
      for (let call = 0; under; call += 1) {
        during.push((await tryMore(`during-${call}`, '0.2')).result);
        said.push(await redis.ping().catch(String));
      }
      await restarted;
      expect(said.join('\n')).toContain('LOADING');
      expect(new Set(during)).toEqual(new Set(['refused']));
      expect(troubles).not.toEqual([]);
      expect(await redis.exists('ballast-0')).toBe(1);
      expect(await tryMore('c', '0.2')).toMatchObject({ result: 'refused' });
      await expect
        .poll(() => tryMore(randomUUID(), '0.02'), { timeout: 10_000 })
        .toMatchObject({ result: 'held' });
      expect(await ledger.verify()).toMatchObject({ result: 'intact', findings: [] });
      await ledger.close();
      redis.disconnect();
      await remove();
    });
  });

  onServer('Redis Cluster', cluster, ({ url: clusterUrl }) => {
    it('goes on while its slot moves from node to node, and overspends nothing', async () => {
      const { hostname, port } = new URL(clusterUrl);
      const nodes = new Cluster([{ host: hostname, port: Number(port) }]);
      const pool = new Pool({ connectionString: url, max: 4 });
      const schema = `store_${randomUUID().replaceAll('-', '')}`;
      const ledger = await openRedisLedger({ pool, schema, redis: nodes });
      await hold(ledger, reserveRequest('first', [draw(budget(), '0.3')]));

      const masters = nodes.nodes('master');
      const found = await Promise.all(masters.map((node) => node.keys(`*${schema}*`)));
      const from = masters[found.findIndex((keys) => keys.length > 0)] as Redis;
      const to = masters[found.findIndex((keys) => keys.length === 0)] as Redis;
      const slot = await from.cluster('KEYSLOT', found.flat()[0] as string);
      let moving = true;
      const results: string[] = [];
      const calls = Array.from({ length: 4 }, async (_, lane) => {
        for (let call = 0; moving || call < 5; call += 1) {
          const id = `call-${lane}-${call}`;
          const { result } = await ledger.reserve(reserveRequest(id, [draw(budget(), '0.0001')]));
          results.push(result);
        }
      });
      const movedKeys = await moveSlot(slot, from, to);
      moving = false;
      await Promise.all(calls);

      expect(movedKeys).toBeGreaterThan(0);
      expect(await to.keys(`*${schema}*`)).not.toEqual([]);
      expect(results.length).toBeGreaterThanOrEqual(20);
      expect(new Set(results)).toEqual(new Set(['held']));
      await hold(ledger, reserveRequest('most', [draw(budget(), '0.5')]));
      expect(await ledger.reserve(reserveRequest('last', [draw(budget(), '0.3')]))).toMatchObject({
        result: 'refused',
      });
      expect(await ledger.verify()).toMatchObject({ result: 'intact', findings: [] });
      await ledger.close();
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
      nodes.disconnect();
    });

    it('works on a cluster', async () => {
      const { hostname, port } = new URL(clusterUrl);
      const nodes = new Cluster([{ host: hostname, port: Number(port) }]);
      const pool = new Pool({ connectionString: url, max: 4 });
      const schema = `store_${randomUUID().replaceAll('-', '')}`;
      const troubles: unknown[] = [];
      const ledger = await openRedisLedger({
        pool,
        schema,
        redis: nodes,
        onRedisError: (error) => troubles.push(error),
      });
      const [daily, monthly] = [budget({ id: 'daily', amount: '1' }), budget({ id: 'monthly', amount: '1' })];
      await hold(ledger, reserveRequest('a', [draw(daily, '1'), draw(monthly, '0.5')]));
      for (const id of ['b', 'c']) {
        expect(
          await ledger.reserve(reserveRequest(id, [draw(daily, '0.1'), draw(monthly, '0.1')])),
        ).toMatchObject({
          result: 'refused',
          shortfall: { state: { limitId: 'daily' } },
        });
      }
      expect(troubles.map(String)).toEqual([]);
      // All on the one node whose slots they hash to, of three.
      const keys = await Promise.all(nodes.nodes('master').map((node) => node.keys(`*${schema}*`)));
      expect(keys).toHaveLength(3);
      expect(keys.filter((found) => found.length > 0)).toHaveLength(1);
      await ledger.close();
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
      nodes.disconnect();
    });
  });
});

/** Moves a slot and its keys the way an operator does; gives back how many keys went. */
async function moveSlot(slot: number, from: Redis, to: Redis): Promise<number> {
  const [fromId, toId] = await Promise.all([from.cluster('MYID'), to.cluster('MYID')]);
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  // Calls meet each of the steps.
  await setTimeout(200);
  let moved = 0;
  for (;;) {
    const keys = await from.cluster('GETKEYSINSLOT', slot, 10);
    if (keys.length === 0) break;
    const { host = '', port = 0 } = to.options;
    await from.call('MIGRATE', host, port, '', 0, 5000, 'REPLACE', 'KEYS', ...keys);
    moved += keys.length;
  }
  await setTimeout(200);
  await to.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  await from.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  return moved;
}
