import { DatabaseSync } from 'node:sqlite';
import type { DurableLedger } from '@genops/ledger';
import { openPostgresLedger, rebuildPostgresLedger } from '@genops/ledger/postgres';
import { openSqliteLedger, rebuildSqliteLedger } from '@genops/ledger/sqlite';
import { postgresStore, sqliteStore } from './stores.ts';

/** A store whose insides a test can reach. */
export interface OpenStore {
  readonly open: (now: () => Date) => Promise<DurableLedger>;
  readonly rebuild: () => Promise<{ readonly corrected: number }>;
  /** Runs a statement as somebody with a database tool would, while no ledger is open. */
  readonly tamper: (statement: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export async function openSqliteStore(): Promise<OpenStore> {
  const { path, remove } = sqliteStore();
  return {
    open: (now) => openSqliteLedger({ path, now }),
    rebuild: () => rebuildSqliteLedger({ path }),
    tamper: async (statement) => {
      const database = new DatabaseSync(path);
      database.exec(statement);
      database.close();
    },
    remove,
  };
}

export function openPostgresStore(url: string): () => Promise<OpenStore> {
  return async () => {
    const { pool, schema, remove } = postgresStore(url);
    return {
      open: (now) => openPostgresLedger({ pool, schema, now }),
      rebuild: () => rebuildPostgresLedger({ pool, schema }),
      tamper: async (statement) => {
        await pool.query(`SET search_path TO ${schema}; ${statement}; RESET search_path`);
      },
      remove,
    };
  };
}
