import { openPostgresLedger } from '@genops/ledger/postgres';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import { startPostgres, startRedis } from '@genops/ledger/testing/servers';
import { describe, expect, it } from 'vitest';
import type { StoreAddress } from '../proof/callers.ts';
import { type ProofReport, proveNoOverspend } from '../proof/overspend.ts';
import { onServer } from '../src/testing/servers/on-server.ts';
import { postgresStore, sqliteStore } from './stores.ts';

const load = { operations: 10_000, callers: 32, customers: 50, killEveryMs: 1500 };

function expectProof(report: ProofReport): void {
  expect(report).toMatchObject({ overspent: [], over: [], phantoms: [], damage: [] });
  expect(report.operations).toBeGreaterThanOrEqual(load.operations);
  // A budget that nobody ran into would prove nothing.
  expect(report.refused).toBeGreaterThan(100);
  expect(report.admitted).toBeGreaterThan(100);
}

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);

describe('budgets under concurrent callers, repeats and killed processes', { timeout: 120_000 }, () => {
  it('are never overspent on SQLite', async () => {
    const { path, remove } = sqliteStore();
    const address: StoreAddress = { store: 'sqlite', path };
    expectProof(
      await proveNoOverspend({ ...load, processes: 1, address, open: () => openSqliteLedger({ path }) }),
    );
    await remove();
  });

  onServer('Postgres', postgres, ({ url }) => {
    async function proveOn(addressOf: (schema: string) => StoreAddress): Promise<void> {
      const { pool, schema, remove } = postgresStore(url);
      const open = () => openPostgresLedger({ pool, schema, timeoutMs: 30_000 });
      expectProof(await proveNoOverspend({ ...load, processes: 3, address: addressOf(schema), open }));
      await remove();
    }

    it('are never overspent on Postgres', () => proveOn((schema) => ({ store: 'postgres', url, schema })));

    onServer('Redis', redis, ({ url: redisUrl }) => {
      it('are never overspent on Redis in front of Postgres', () =>
        proveOn((schema) => ({ store: 'redis', url, schema, redisUrl })));
    });
  });
});
