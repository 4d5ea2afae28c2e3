import { ConfigurationError, describe, isGenOpsError, type LedgerEntry } from '@genops/core';
import { createLimitCompiler } from '../compiled-limit.ts';
import { checkEntryQuery, checkFilter, instantMs } from '../entry-page.ts';
import { LedgerUnavailableError } from '../errors.ts';
import type { DurableLedger, LimitQuery } from '../ledger.ts';
import { createDrawPlanner } from '../plan-draw.ts';
import { rollupGrains } from '../stored/dimensions.ts';
import { createWindowFinder } from '../window.ts';
import type { PostgresPool } from './client.ts';
import { onConnection } from './connection.ts';
import { createLeasing, type LeaseOptions } from './leases/leasing.ts';
import { type BatchDone, createQueue } from './queue.ts';
import { readPage, readSums, verify } from './reader.ts';
import { retireEntries } from './retire.ts';
import { migrate } from './schema.ts';
import { mostUnrolled, rollUp } from './store.ts';
import { createStoreClock } from './store-clock.ts';

export interface PostgresLedgerOptions {
  /** Such as `new pg.Pool({ connectionString })`. The ledger keeps one connection of it; it does not end it. */
  readonly pool: PostgresPool;
  /**
   * Where the tables are, and are made when they are not there: lower-case letters, digits and underscores.
   *
   * @default 'genops_ledger'
   */
  readonly schema?: string;
  /**
   * How long an operation may take, repetitions included.
   *
   * @default 2000
   */
  readonly timeoutMs?: number;
  /**
   * Lets this replica hold some headroom of busy limits in advance and admit calls on it at once; their holds
   * follow into the database a moment later. Limits stay exact over all replicas. What a process that is killed
   * in that moment had admitted is recorded together, as one expired hold, and ids have to be new in every
   * replica: one that another replica has used already shows when the call ends.
   *
   * @default every call asks the database
   */
  readonly leases?: LeaseOptions;
  /** In place of the store's clock, for tests. */
  readonly now?: () => Date;
}

/**
 * Opens the ledger in a Postgres database, which any number of replicas may share: what resolves is committed,
 * and limits hold exactly over all of them.
 *
 * @throws {LedgerUnavailableError} when the database does not answer
 * @throws {LedgerCorruptError} when the tables are of a newer version
 */
export function openPostgresLedger(options: PostgresLedgerOptions): Promise<DurableLedger> {
  return openWatchedLedger(options, undefined);
}

/** Opens a ledger whose batches somebody else is told of before they are answered. */
export async function openWatchedLedger(
  options: PostgresLedgerOptions,
  beforeAnswer: ((done: BatchDone) => Promise<void>) | undefined,
): Promise<DurableLedger> {
  const { pool, schema = 'genops_ledger', timeoutMs = 2000, leases, now } = options;
  checkSchemaName(schema);
  if (leases !== undefined) checkLeases(leases);
  await reading(() => onConnection(pool, (client) => migrate(client, schema)));
  const clock = createStoreClock(now);
  const compile = createLimitCompiler();
  const accountsOf = (queries: readonly LimitQuery[]): string[] =>
    queries.map(({ limit, bucket }) => compile(limit).accountPrefix + bucket);

  let rolledUntil = 0;
  const queue = createQueue({
    pool,
    schema,
    clock,
    timeoutMs,
    ...(beforeAnswer !== undefined && { beforeAnswer }),
    onCommit: (seq) => {
      if (seq < rolledUntil + mostUnrolled) return;
      rolledUntil = seq;
      // Sums are right without it, only slower; the next replica that passes the mark does it then.
      rollUp(pool, schema, seq, Object.values(rollupGrains)).catch(() => {});
    },
  });

  const leasing =
    leases === undefined
      ? undefined
      : createLeasing({
          usableMs: 1000,
          share: 0.1,
          ...leases,
          run: queue.run,
          clock: clock.read,
          compile,
          planDraw: createDrawPlanner(compile, createWindowFinder()),
        });
  const end = leasing?.end ?? queue.run;

  return {
    driver: 'postgres',
    reserve:
      leasing?.reserve ??
      ((request) =>
        queue.run({
          apply: (book) => book.reserve(request),
          ids: [request.id],
          accounts: accountsOf(request.draws),
          newId: request.id,
        })),
    settle: (request) =>
      end({ apply: (book) => book.settle(request), ids: endIds(request.id), accounts: [] }),
    release: (request) => end({ apply: (book) => book.release(request), ids: [request.id], accounts: [] }),
    record: (entry) => end({ apply: (book) => book.record(entry), ids: recordIds(entry), accounts: [] }),
    expire: async () => ({
      expired: await queue.run({ apply: (book) => book.expire(), ids: [], accounts: [] }),
    }),
    states: (queries) =>
      queue.run({ apply: (book) => book.states(queries), ids: [], accounts: accountsOf(queries) }),
    entries: async (query = {}) => {
      checkEntryQuery(query);
      return reading(() => readPage(pool, schema, query));
    },
    sum: async (query) => {
      checkFilter(query.filter ?? {});
      return reading(() => readSums(pool, schema, query));
    },
    verify: (options) => reading(() => verify(pool, schema, options)),
    retire: ({ before, legalHold }) =>
      reading(() => retireEntries(pool, schema, instantMs('before', before), legalHold)),
    close: async () => {
      await leasing?.close();
      await queue.close();
    },
  };
}

function endIds(id: string): readonly string[] {
  return [id, `${id}:late`];
}

function recordIds({ id, corrects }: LedgerEntry): readonly string[] {
  return corrects === undefined ? [id] : [id, corrects];
}

function checkLeases({ usableMs = 1000, share = 0.1 }: LeaseOptions): void {
  if (!(Number.isFinite(usableMs) && usableMs >= 10 && usableMs <= 60_000)) {
    throw new ConfigurationError('leases.usableMs', `expected 10 to 60000, got ${describe(usableMs)}`);
  }
  if (!(share > 0 && share <= 0.5)) {
    throw new ConfigurationError('leases.share', `expected above 0, at most 0.5, got ${describe(share)}`);
  }
}

/** A name cannot be a bound value, so only names that need no quotes are taken. */
function checkSchemaName(schema: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new ConfigurationError(
      'schema',
      `expected lower-case letters, digits and underscores, got ${describe(schema)}`,
    );
  }
}

async function reading<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (isGenOpsError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LedgerUnavailableError('postgres', reason, { cause: error });
  }
}
