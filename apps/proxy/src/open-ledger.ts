import { resolve } from 'node:path';
import { ConfigurationError } from '@genops/core';
import type { Ledger } from '@genops/ledger';
import { openPostgresLedger } from '@genops/ledger/postgres';
import { openRedisLedger } from '@genops/ledger/redis';
import { openSqliteLedger } from '@genops/ledger/sqlite';
import type { RouterStateStore } from '@genops/router';
import { openPostgresStateStore } from '@genops/router/postgres';
import { createRedisStateStore } from '@genops/router/redis';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { type Environment, resolveReference } from './config.ts';
import type { LedgerConfig } from './ledger-schema.ts';

/** A ledger that is open, with what else lives in the same store. */
export interface OpenedLedger {
  /** Closing it closes its connections too. */
  readonly ledger: Ledger;
  /** Where replicas tell one another which keys and places are out; absent where there is but one. */
  readonly routerStates?: RouterStateStore;
  /** Which one it is, for people. Has no secrets. */
  readonly description: string;
}

export interface OpenLedgerOptions {
  /** Where relative paths of files begin. */
  readonly dataDirectory: string;
  readonly environment: Environment;
  /** Takes what goes wrong between two calls: lost connections, a Redis that is silent. */
  readonly onError: (error: unknown) => void;
}

/**
 * Opens the ledger that the configuration names.
 *
 * @throws {ConfigurationError} when a URL is missing or is none
 * @throws {LedgerUnavailableError} when the store does not answer, or another process writes the file
 */
export function openLedger(config: LedgerConfig, options: OpenLedgerOptions): Promise<OpenedLedger> {
  return config.driver === 'sqlite' ? openSqlite(config, options) : openPostgres(config, options);
}

async function openSqlite(
  config: Extract<LedgerConfig, { driver: 'sqlite' }>,
  { dataDirectory }: OpenLedgerOptions,
): Promise<OpenedLedger> {
  const path = resolve(dataDirectory, config.path);
  return { ledger: await openSqliteLedger({ path }), description: path };
}

async function openPostgres(
  config: Extract<LedgerConfig, { driver: 'postgres' }>,
  { environment, onError }: OpenLedgerOptions,
): Promise<OpenedLedger> {
  const { schema, timeoutMs } = config;
  const pool = new Pool({
    connectionString: urlOf(environment, 'ledger.url', config.url, ['postgres:', 'postgresql:']),
    max: config.connections,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    application_name: 'genops-proxy',
  });
  // A connection that breaks while nobody uses it would otherwise end the process.
  pool.on('error', onError);
  const redis = config.redis && (await connectRedis(config.redis, environment, onError));
  const disconnect = async (): Promise<void> => {
    redis?.disconnect();
    await pool.end();
  };
  try {
    const ledger =
      redis === undefined || config.redis === undefined
        ? await openPostgresLedger({ pool, schema, timeoutMs })
        : await openRedisLedger({
            pool,
            schema,
            timeoutMs,
            redis,
            redisTimeoutMs: config.redis.timeoutMs,
            copyLivesMs: config.redis.copyLivesMs,
            onRedisError: onError,
          });
    const routerStates =
      redis === undefined
        ? await openPostgresStateStore({ pool, table: stateTable(schema) })
        : createRedisStateStore({ redis, name: schema });
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await ledger.close();
      await disconnect();
    };
    return {
      ledger: { ...ledger, close: () => (closing ??= close()) },
      routerStates,
      description: `${ledger.driver === 'redis' ? 'postgres and redis' : 'postgres'}, schema ${schema}`,
    };
  } catch (error) {
    await disconnect();
    throw error;
  }
}

/** Ledgers that share a database do not share what their routers know. */
function stateTable(schema: string): string {
  return `${schema.slice(0, 50)}_router`;
}

async function connectRedis(
  { url, timeoutMs }: NonNullable<Extract<LedgerConfig, { driver: 'postgres' }>['redis']>,
  environment: Environment,
  onError: (error: unknown) => void,
): Promise<Redis> {
  const redis = new Redis(urlOf(environment, 'ledger.redis.url', url, ['redis:', 'rediss:']), {
    // A call does not wait for a Redis that is gone: the ledger asks Postgres then.
    enableOfflineQueue: false,
    lazyConnect: true,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    commandTimeout: Math.max(timeoutMs, 1000),
    connectionName: 'genops-proxy',
  });
  redis.on('error', onError);
  // Without it the ledger asks Postgres, so its absence is no reason not to start.
  await redis.connect().catch(() => {});
  return redis;
}

/** @throws {ConfigurationError} that names the variable and never its value */
function urlOf(
  environment: Environment,
  path: string,
  reference: string,
  protocols: readonly string[],
): string {
  const url = resolveReference(environment, path, reference);
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (protocol !== undefined && protocols.includes(protocol)) return url;
  const expected = protocols.map((one) => `${one}//`).join(' or ');
  throw new ConfigurationError(
    path,
    `the environment variable ${reference.slice(4)} is no URL that begins with ${expected}`,
  );
}
