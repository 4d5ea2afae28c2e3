import type { PostgresClient, PostgresPool } from './client.ts';

/** Takes a connection of its own for the writing, set up so that nothing on it can wait for ever. */
export async function connect(pool: PostgresPool, timeoutMs: number): Promise<PostgresClient> {
  const client = await connectWithin(pool, timeoutMs);
  // Between two queries a broken connection is found by the next one.
  client.on('error', () => {});
  await client.query(`
    SET statement_timeout = ${timeoutMs};
    SET lock_timeout = ${timeoutMs};
    SET idle_in_transaction_session_timeout = ${timeoutMs}
  `);
  const { rows } = await client.query('SHOW synchronous_commit');
  // A commit that is told before it is on disk would be a promise that a crash breaks.
  if (rows[0]?.['synchronous_commit'] === 'off') await client.query('SET synchronous_commit = on');
  return client;
}

function connectWithin(pool: PostgresPool, timeoutMs: number): Promise<PostgresClient> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Error(`no connection within ${timeoutMs} ms`));
    }, timeoutMs);
    pool.connect().then(
      (client) => {
        clearTimeout(timer);
        if (late) client.release();
        else resolve(client);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/**
 * Whether the same may work a moment later: lost connections, restarts, deadlocks and time-outs, but not what
 * the server found wrong with the statement itself.
 */
export function isWorthAnotherTry(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code !== 'string' || code.length !== 5) return true;
  // An id that exists already is found when everything is read again.
  return code === '23505' || !['22', '23', '42'].includes(code.slice(0, 2));
}

/** Something on a connection of its own, which is not used again when it fails. */
export async function onConnection<Result>(
  pool: PostgresPool,
  action: (client: PostgresClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // A connection that breaks says so to its query, and once more to whoever listens: nobody would end the process.
  client.on('error', isToldByQuery);
  try {
    const result = await action(client);
    client.off('error', isToldByQuery);
    client.release();
    return result;
  } catch (error) {
    client.release(error instanceof Error ? error : true);
    throw error;
  }
}

function isToldByQuery(): void {}

/** One transaction on a connection of its own. */
export function inTransaction<Result>(
  pool: PostgresPool,
  begin: string,
  action: (client: PostgresClient) => Promise<Result>,
): Promise<Result> {
  return onConnection(pool, async (client) => {
    await client.query(begin);
    const result = await action(client);
    await client.query('COMMIT');
    return result;
  });
}
