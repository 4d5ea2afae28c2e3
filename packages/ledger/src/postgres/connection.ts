import type { PostgresClient, PostgresPool } from './client.ts';

/** Takes a connection of its own for the writing, set up so that nothing on it can wait for ever. */
export async function connect(pool: PostgresPool, timeoutMs: number): Promise<PostgresClient> {
  const client = await takeWithin(pool, timeoutMs);
  try {
    await client.query(`
      SET statement_timeout = ${timeoutMs};
      SET lock_timeout = ${timeoutMs};
      SET idle_in_transaction_session_timeout = ${timeoutMs}
    `);
    const { rows } = await client.query('SHOW synchronous_commit');
    // A commit that is told before it is on disk would be a promise that a crash breaks.
    if (rows[0]?.['synchronous_commit'] === 'off') await client.query('SET synchronous_commit = on');
    return client;
  } catch (error) {
    client.release(error instanceof Error ? error : true);
    throw error;
  }
}

/**
 * Takes a connection out of the pool. A connection that breaks says so to its query, and once more to whoever
 * listens: nobody would end the process. So somebody listens from the first moment on, because it may break in the
 * very packet that says it is ready.
 */
function take(pool: PostgresPool): Promise<PostgresClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) {
        reject(error ?? new Error('no connection'));
        return;
      }
      client.on('error', isToldByQuery);
      resolve(client);
    });
  });
}

/** Gives a connection back that can be used again. */
export function giveBack(client: PostgresClient): void {
  client.off('error', isToldByQuery);
  client.release();
}

function isToldByQuery(): void {}

function takeWithin(pool: PostgresPool, timeoutMs: number): Promise<PostgresClient> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Error(`no connection within ${timeoutMs} ms`));
    }, timeoutMs);
    take(pool).then(
      (client) => {
        clearTimeout(timer);
        if (late) giveBack(client);
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
  const client = await take(pool);
  try {
    const result = await action(client);
    giveBack(client);
    return result;
  } catch (error) {
    client.release(error instanceof Error ? error : true);
    throw error;
  }
}

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
