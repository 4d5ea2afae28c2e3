import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { openPostgresLedger, type PostgresLedgerOptions } from '../postgres.ts';
import { testLedgerDriver } from '../testing/index.ts';
import { startPostgres } from '../testing/servers/index.ts';
import { onServer } from '../testing/servers/on-server.ts';

onServer('Postgres', await startPostgres(), ({ url }) => {
  function testOn(name: string, options: Pick<PostgresLedgerOptions, 'leases'>): void {
    testLedgerDriver({
      name,
      keeps: 'everything',
      writers: 'many',
      createStore: async () => {
        const schema = `store_${randomUUID().replaceAll('-', '')}`;
        const pools: Pool[] = [];
        return {
          open: async ({ now }) => {
            const pool = new Pool({ connectionString: url, max: 3 });
            pools.push(pool);
            return openPostgresLedger({ pool, schema, now, ...options });
          },
          remove: async () => {
            await pools[0]?.query(`DROP SCHEMA ${schema} CASCADE`);
            for (const pool of pools) await pool.end();
          },
        };
      },
    });
  }

  testOn('Postgres', {});
  testOn('Postgres, with headroom held in advance', { leases: {} });
});
