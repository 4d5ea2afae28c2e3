import type { RouterState } from './facts.ts';
import type { RouterStateStore } from './store.ts';

/** What is needed of a pool; `new pg.Pool()` has it. */
export interface PostgresPool {
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: Readonly<Record<string, unknown>>[] }>;
}

export interface PostgresStateStoreOptions {
  readonly pool: PostgresPool;
  /** Of letters, digits and underscores. @default 'genops_router_state' */
  readonly table?: string;
}

/**
 * Replicas meet in one table, which is made when it is not there. The server's clock decides what is
 * forgotten.
 *
 * @throws what the pool throws, when the table cannot be made
 */
export async function openPostgresStateStore({
  pool,
  table = 'genops_router_state',
}: PostgresStateStoreOptions): Promise<RouterStateStore> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(table)) throw new TypeError(`"${table}" cannot be the name of a table`);
  await pool.query(
    `CREATE TABLE IF NOT EXISTS ${table} (replica text PRIMARY KEY, state jsonb NOT NULL, expires_at timestamptz NOT NULL)`,
  );
  return {
    async put(replica, state, expiresInMs) {
      await pool.query(
        `INSERT INTO ${table} VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
         ON CONFLICT (replica) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at`,
        [replica, JSON.stringify(state), expiresInMs],
      );
      await pool.query(`DELETE FROM ${table} WHERE expires_at <= clock_timestamp()`);
    },
    async others(replica) {
      const { rows } = await pool.query(
        `SELECT state FROM ${table} WHERE replica <> $1 AND expires_at > clock_timestamp()`,
        [replica],
      );
      return rows.map(({ state }) => state as RouterState);
    },
  };
}
