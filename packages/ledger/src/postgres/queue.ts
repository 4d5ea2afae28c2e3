import { isGenOpsError } from '@genops/core';
import type { Book } from '../book/book.ts';
import { LedgerUnavailableError } from '../errors.ts';
import type { Changes } from '../stored/pending.ts';
import { createDefinitions } from '../stored/records.ts';
import type { PostgresClient, PostgresPool } from './client.ts';
import { connect, giveBack, isWorthAnotherTry } from './connection.ts';
import { NotRead, openSession, type Session, type Want } from './session.ts';
import { confirm, readSnapshot, type Wants, writeChanges } from './store.ts';
import type { StoreClock } from './store-clock.ts';

/** Something to do, and what has to be known for it. */
export interface Operation<Result> {
  readonly apply: (book: Book) => Result;
  /** Of holds and entries. */
  readonly ids: readonly string[];
  readonly accounts: readonly string[];
  /** The id that it gives to a hold: most are new, so they are looked up only when that matters. */
  readonly newId?: string;
}

/** Carries operations out in batches; each is answered when what it did is committed. */
export interface Queue {
  /** @throws {LedgerUnavailableError} when the store did not say in time that it is done */
  readonly run: <Result>(operation: Operation<Result>) => Promise<Result>;
  /** Waits for what is under way. */
  readonly close: () => Promise<void>;
}

export interface QueueOptions {
  readonly pool: PostgresPool;
  readonly schema: string;
  readonly clock: StoreClock;
  readonly timeoutMs: number;
  /** Told the position of the last entry after each commit. */
  readonly onCommit: (seq: number) => void;
  /** Told of each batch after it is committed and before its callers are answered, who wait for it. */
  readonly beforeAnswer?: (done: BatchDone) => Promise<void>;
}

/** What a batch came to. */
export interface BatchDone {
  /** Of the store, right after. */
  readonly version: bigint;
  readonly book: Book;
  /** Accounts that it counted on. */
  readonly changed: ReadonlySet<string>;
  /** Accounts of calls that it refused. */
  readonly refused: ReadonlySet<string>;
  /** Holds that it made and entries that it recorded. */
  readonly ids: readonly string[];
  /** When a hold falls due next, at the earliest; milliseconds since 1970. */
  readonly nextExpiry: number;
}

interface Waiting extends Operation<unknown> {
  readonly deadline: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Answer = { readonly result: unknown } | { readonly error: unknown };

/** A batch that was worked out and written, or changed nothing. */
interface Attempted {
  readonly session: Session;
  readonly answers: readonly Answer[];
  readonly changes: Changes | undefined;
}

/** What batches turned out to need beyond what their operations name. */
interface Extra {
  readonly ids: Set<string>;
  readonly accounts: Set<string>;
  readonly rows: Map<string, readonly [account: string, start: number]>;
}

/** The most operations in one commit. */
const mostAtOnce = 500;

/** How many batches take the lock first after another replica was met. */
const contendedBatches = 50;

/** How many batches go by before a session is read anew, so that what it remembers stays small. */
const sessionBatches = 2000;

/**
 * What a batch does is worked out here, on what was read, and written only if the store has not moved on since.
 * When it has, everything is read again and worked out again. A replica that is alone reads nothing twice; one
 * that meets others takes the lock before it reads, so that each gets its turn.
 */
export function createQueue(options: QueueOptions): Queue {
  const { pool, schema, clock, timeoutMs, onCommit, beforeAnswer } = options;
  const definitions = createDefinitions();
  const waiting: Waiting[] = [];
  let client: PostgresClient | undefined;
  let session: Session | undefined;
  let batchesLeft = 0;
  let lockedBatches = 0;
  let running: Promise<void> | undefined;
  let closed = false;
  let assumedNew: ReadonlySet<string> = new Set();

  function run<Result>(operation: Operation<Result>): Promise<Result> {
    if (closed) return Promise.reject(new LedgerUnavailableError('postgres', 'it is closed'));
    return new Promise<Result>((resolve, reject) => {
      const deadline = performance.now() + timeoutMs;
      waiting.push({ ...operation, deadline, resolve: resolve as Waiting['resolve'], reject });
      running ??= new Promise<void>((done) => setImmediate(() => void work().then(done)));
    });
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) await runBatch(waiting.splice(0, mostAtOnce));
    running = undefined;
  }

  async function runBatch(batch: readonly Waiting[]): Promise<void> {
    const deadline = Math.max(...batch.map((waiter) => waiter.deadline));
    const timer = setTimeout(() => drop(new Error('too late')), deadline - performance.now());
    const extra: Extra = { ids: new Set(), accounts: new Set(), rows: new Map() };
    let trouble: unknown;
    for (let pauseMs = 5; performance.now() < deadline; pauseMs = Math.min(2 * pauseMs, 250)) {
      try {
        const answers = await attempt(batch, extra);
        if (answers === undefined) continue;
        clearTimeout(timer);
        for (const [index, waiter] of batch.entries()) answer(waiter, answers[index]);
        return;
      } catch (error) {
        trouble = error;
        drop(error);
        if (!isWorthAnotherTry(error)) break;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
    clearTimeout(timer);
    if (batch.length > 1 && trouble !== undefined && !isWorthAnotherTry(trouble)) {
      // One of them cannot be stored: the others shall not suffer for it.
      for (const waiter of batch) await runBatch([waiter]);
      return;
    }
    const error = unavailable(trouble, timeoutMs);
    for (const { reject } of batch) reject(error);
  }

  /** @returns nothing when the store had moved on, or when more has to be read first */
  async function attempt(batch: readonly Waiting[], extra: Extra): Promise<readonly Answer[] | undefined> {
    client ??= await connect(pool, timeoutMs);
    const locked = lockedBatches > 0;
    if (locked) {
      lockedBatches -= 1;
      forgetSession();
      await client.query(`BEGIN; SELECT 1 FROM ${schema}.head FOR UPDATE`);
    }
    const attempted = await attemptOn(client, batch, extra);
    if (locked) await client.query('COMMIT');
    if (attempted === undefined) {
      forgetSession();
      return undefined;
    }
    // Only now is it there for everybody to see.
    if (attempted.changes !== undefined) onCommit(attempted.session.head.seq);
    await beforeAnswer?.(batchDone(batch, attempted));
    return attempted.answers;
  }

  async function attemptOn(
    connection: PostgresClient,
    batch: readonly Waiting[],
    extra: Extra,
  ): Promise<Attempted | undefined> {
    batchesLeft -= 1;
    if (session !== undefined && (batchesLeft <= 0 || clock.read().wall >= session.nextExpiry))
      forgetSession();
    const known = session;
    const current = known ?? (await read(connection, batch, extra));
    session = current;
    const answers = applyAll(current, batch, extra, known === undefined);
    if (answers === undefined) return undefined;
    if (!current.pending.changed()) {
      if (known === undefined) return { session: current, answers, changes: undefined };
      const { same, now } = await confirm(connection, schema, current.head);
      clock.heard(now);
      return same ? { session: current, answers, changes: undefined } : undefined;
    }
    const changes = current.pending.take();
    const commit = await writeChanges(connection, schema, current.head, changes);
    if (commit.result === 'stale') {
      lockedBatches = contendedBatches;
      return undefined;
    }
    clock.heard(commit.now);
    current.head = commit.head;
    current.pending.stored();
    definitions.learn([]);
    return { session: current, answers, changes };
  }

  async function read(connection: PostgresClient, batch: readonly Waiting[], extra: Extra): Promise<Session> {
    const wants: Wants = {
      ids: new Set([...batch.flatMap(({ ids }) => ids), ...extra.ids]),
      accounts: new Set([...batch.flatMap(({ accounts }) => accounts), ...extra.accounts]),
      rows: extra.rows,
      definitionsFrom: definitions.last(),
    };
    const snapshot = await readSnapshot(connection, schema, wants, clock.given());
    clock.heard(snapshot.now);
    batchesLeft = sessionBatches;
    return openSession(snapshot, wants, definitions, clock.read, (id) => assumedNew.has(id));
  }

  function applyAll(
    current: Session,
    batch: readonly Waiting[],
    extra: Extra,
    justRead: boolean,
  ): readonly Answer[] | undefined {
    assumedNew = new Set(batch.flatMap(({ newId }) => newId ?? []));
    const answers: Answer[] = [];
    for (const { apply } of batch) {
      try {
        const result = apply(current.book);
        // A new hold is checked to be new by the commit. A refusal commits nothing, so that is looked up.
        if (!justRead && isRefusal(result)) return undefined;
        answers.push({ result });
      } catch (error) {
        if (error instanceof NotRead) {
          want(extra, error.wanted);
          return undefined;
        }
        if (!isGenOpsError(error)) throw error;
        answers.push({ error });
      }
    }
    return answers;
  }

  function forgetSession(): void {
    session = undefined;
    definitions.forgetNew();
  }

  /** Whatever is under way on the connection ends with it; what became of that is found out by reading. */
  function drop(error: unknown): void {
    client?.release(error instanceof Error ? error : true);
    client = undefined;
    forgetSession();
  }

  return {
    run,
    close: async () => {
      closed = true;
      await running;
      if (client !== undefined) giveBack(client);
      client = undefined;
    },
  };
}

function batchDone(batch: readonly Waiting[], { session, answers, changes }: Attempted): BatchDone {
  const { head, book, nextExpiry } = session;
  const refused = batch.filter((_, index) => {
    const given = answers[index];
    return given !== undefined && 'result' in given && isRefusal(given.result);
  });
  return {
    version: head.version,
    book,
    changed: new Set(changes?.rows.map(({ account }) => account)),
    refused: new Set(refused.flatMap(({ accounts }) => accounts)),
    ids: changes === undefined ? [] : batch.flatMap(({ ids }) => ids[0] ?? []),
    nextExpiry: Math.min(nextExpiry, book.nextDeadline()),
  };
}

function answer({ resolve, reject }: Waiting, given: Answer | undefined): void {
  if (given === undefined || 'error' in given) reject(given?.error);
  else resolve(given.result);
}

function isRefusal(result: unknown): boolean {
  return (
    typeof result === 'object' && result !== null && (result as { result?: unknown }).result === 'refused'
  );
}

function want(extra: Extra, wanted: Want): void {
  if ('id' in wanted) extra.ids.add(wanted.id);
  else if ('account' in wanted) extra.accounts.add(wanted.account);
  else extra.rows.set(wanted.row.join('@'), wanted.row);
}

function unavailable(trouble: unknown, timeoutMs: number): LedgerUnavailableError {
  const reason = trouble instanceof Error ? trouble.message : `it did not answer within ${timeoutMs} ms`;
  return new LedgerUnavailableError('postgres', reason, { cause: trouble });
}
