import { DatabaseSync } from 'node:sqlite';
import type { LedgerStore } from '@genops/ledger/testing';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { describe, expect, it } from 'vitest';
import { sumExactly } from '../proof/exact.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { memoryStore, postgresStore, redisStore, sqliteStore } from './stores.ts';

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
const amounts = 12_000;

function testExactness(name: string, createStore: () => LedgerStore): void {
  it(`is the sum of the integers on ${name}`, { timeout: 120_000 }, async () => {
    const store = createStore();
    const ledger = await store.open({ now: () => new Date() });
    const { expected, ...report } = await sumExactly(ledger, amounts);
    expect(report).toEqual({ amounts, entries: amounts, total: expected, byTeam: expected });
    expect(expected > BigInt(Number.MAX_SAFE_INTEGER)).toBe(true);
    await ledger.close();
    await store.remove();
  });
}

describe('the sum of many odd amounts', () => {
  testExactness('memory', memoryStore);
  testExactness('SQLite', sqliteStore);
  onServer('Postgres', postgres, ({ url }) => {
    testExactness('Postgres', () => postgresStore(url));
    onServer('Redis', redis, ({ url: redisUrl }) =>
      testExactness('Redis in front of Postgres', () => redisStore(url, redisUrl)),
    );

    it('has no column in Postgres that could round it', async () => {
      const { pool, schema, open, remove } = postgresStore(url);
      await (await open({ now: () => new Date() })).close();
      const { rows } = await pool.query(
        'SELECT DISTINCT data_type FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1',
        [schema],
      );
      expect(rows.map(({ data_type: type }) => type)).toEqual([
        'ARRAY',
        'bigint',
        'boolean',
        'integer',
        'numeric',
        'text',
        'uuid',
      ]);
      await remove();
    });
  });

  it('has no column in SQLite that could round it, nor a table that would take one', async () => {
    const { path, open, remove } = sqliteStore('here');
    await (await open({ now: () => new Date() })).close();
    const database = new DatabaseSync(path, { readOnly: true });
    const tables = database.prepare('PRAGMA table_list').all();
    const own = tables.filter(({ name }) => !String(name).startsWith('sqlite_'));
    expect(own.length).toBeGreaterThan(8);
    for (const { name, strict } of own) {
      expect(`${name} is strict: ${strict}`).toBe(`${name} is strict: 1`);
      const types = database.prepare(`PRAGMA table_info(${name})`).all();
      expect(types.filter(({ type }) => !['INTEGER', 'TEXT', 'BLOB'].includes(String(type)))).toEqual([]);
    }
    database.close();
    await remove();
  });
});
