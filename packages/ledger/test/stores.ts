import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryLedger } from '@genops/ledger/memory';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openRedisLedger } from '@genops/ledger/redis';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import type { LedgerStore } from '@genops/ledger/testing';
import { Redis } from 'ioredis';
import { Pool } from 'pg';

/** A store in memory: what is closed is gone. */
export function memoryStore(): LedgerStore {
  return { open: async ({ now }) => createMemoryLedger({ now }), remove: async () => {} };
}

export function sqliteStore(
  waitForDiskOn: 'threads' | 'here' = 'threads',
): LedgerStore & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'genops-ledger-'));
  const path = join(folder, 'ledger.db');
  return {
    path,
    open: ({ now }) => openSqliteLedger({ path, waitForDiskOn, now }),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A schema of its own on a server that others use too. */
export function postgresStore(url: string): LedgerStore & { readonly pool: Pool; readonly schema: string } {
  const schema = newSchema();
  const pool = newPool(url);
  return {
    pool,
    schema,
    open: ({ now }) => openPostgresLedger({ pool, schema, now }),
    remove: async () => {
      await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await pool.end();
    },
  };
}

export function redisStore(
  url: string,
  redisUrl: string,
): LedgerStore & { readonly pool: Pool; readonly schema: string; readonly redis: Redis } {
  const postgres = postgresStore(url);
  const { pool, schema } = postgres;
  const redis = new Redis(redisUrl);
  redis.on('error', () => {});
  return {
    pool,
    schema,
    redis,
    open: ({ now }) => openRedisLedger({ pool, schema, redis, now }),
    remove: async () => {
      await postgres.remove();
      redis.disconnect();
    },
  };
}

function newSchema(): string {
  return `store_${randomUUID().replaceAll('-', '')}`;
}

function newPool(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: 20 });
  // A server that is killed breaks idle connections too; the pool makes new ones.
  pool.on('error', () => {});
  return pool;
}
