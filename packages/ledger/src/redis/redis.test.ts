import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { openRedisLedger } from '../redis.ts';
import { testLedgerDriver } from '../testing/index.ts';
import { startPostgres, startRedis } from '../testing/servers/index.ts';
import { onServer } from '../testing/servers/on-server.ts';

const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);

onServer('Postgres', postgres, ({ url }) => {
  onServer('Redis', redis, ({ url: redisUrl }) => {
    testLedgerDriver({
      name: 'Redis in front of Postgres',
      keeps: 'everything',
      writers: 'many',
      createStore: async () => {
        const schema = `store_${randomUUID().replaceAll('-', '')}`;
        const pool = new Pool({ connectionString: url, max: 20 });
        const client = new Redis(redisUrl);
        return {
          open: ({ now }) => openRedisLedger({ pool, schema, redis: client, now }),
          remove: async () => {
            await pool.query(`DROP SCHEMA ${schema} CASCADE`);
            await pool.end();
            client.disconnect();
          },
        };
      },
    });
  });
});
