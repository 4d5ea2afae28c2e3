import { isGenOpsError } from '@genops/core';
import type { Book } from '../book/book.ts';
import { LedgerUnavailableError } from '../errors.ts';
import type { Committer } from './committer.ts';
import type { Session } from './session.ts';

/** Applies operations one after another, and answers each when what it did is on disk. */
export interface Queue {
  /**
   * @param operation - runs at once, in memory
   * @throws {LedgerUnavailableError} when it could not be written, or not in time
   */
  readonly run: <Result>(operation: (book: Book) => Result) => Promise<Result>;
  /** Answers at once, from memory. */
  readonly look: <Result>(question: (book: Book) => Result) => Promise<Result>;
  /** Runs a task of the writer between two batches. */
  readonly between: <Result>(task: (committer: Committer) => Promise<Result>) => Promise<Result>;
  /** Writes what is left. */
  readonly close: () => Promise<void>;
}

export interface QueueOptions {
  readonly openCommitter: () => Promise<Committer>;
  readonly openSession: () => Session;
  readonly timeoutMs: number;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** How long a store that failed is left alone before it is tried again. */
const recoveryPauseMs = 250;

/**
 * Calls that come together share one commit: while one batch is being written the next one gathers. When a
 * batch fails, everything since the last good commit is forgotten, its callers are told so, and the book is
 * read from disk again: nothing is ever counted on that is not there.
 */
export async function createQueue({ openCommitter, openSession, timeoutMs }: QueueOptions): Promise<Queue> {
  let committer = await openCommitter();
  let session: Session | undefined = openSession();
  let gathering: Waiter[] = [];
  let writing: Waiter[] | undefined;
  /** Ends when nothing is being written any more; never fails. */
  let written: Promise<void> = Promise.resolve();
  let scheduled = false;
  /** Why nothing can be done right now. */
  let trouble: Error | undefined;
  /** What went wrong with the store while a batch was being written. */
  let broken: unknown;
  let closed = false;
  let idle: (() => void) | undefined;

  function schedule(): void {
    if (scheduled || writing !== undefined) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void write();
    });
  }

  async function write(): Promise<void> {
    if (writing !== undefined) return;
    if (session?.changed()) {
      written = writeBatch(session);
      await written;
    }
    // Not at once: what the calls just answered do next, and whatever came meanwhile, joins the next batch.
    if (session?.changed()) schedule();
    else idle?.();
  }

  async function writeBatch(current: Session): Promise<void> {
    const waiters = gathering;
    writing = waiters;
    gathering = [];
    const timer = setTimeout(() => stall(waiters), timeoutMs);
    try {
      await committer.commit(current.takeBatch());
      current.written();
      trouble = undefined;
      for (const waiter of waiters) waiter.resolve();
      if (broken !== undefined) await fail([], broken);
    } catch (error) {
      await fail(waiters, error);
    } finally {
      clearTimeout(timer);
      writing = undefined;
    }
  }

  /** The disk does not answer. What was sent may still be written; nobody waits for it. */
  function stall(waiters: readonly Waiter[]): void {
    trouble = unavailable(`the disk did not answer within ${timeoutMs} ms`);
    rejectAll([...waiters, ...gathering.splice(0)], trouble);
  }

  async function fail(waiters: readonly Waiter[], error: unknown): Promise<void> {
    trouble = unavailable(error instanceof Error ? error.message : String(error), error);
    rejectAll([...waiters, ...gathering.splice(0)], trouble);
    session?.close();
    session = undefined;
    await committer.close().catch(() => {});
    if (!closed) void recover();
  }

  async function recover(): Promise<void> {
    try {
      committer = await openCommitter();
      session = openSession();
      broken = undefined;
      trouble = undefined;
    } catch (error) {
      trouble = unavailable(error instanceof Error ? error.message : String(error), error);
      if (!closed) setTimeout(() => void recover(), recoveryPauseMs).unref();
    }
  }

  async function run<Result>(operation: (book: Book) => Result): Promise<Result> {
    if (session === undefined || trouble !== undefined || closed) {
      throw trouble ?? unavailable('it is closed');
    }
    const result = apply(session, operation);
    if (!isRefusal(result)) await onDisk(session);
    return result;
  }

  function apply<Result>(current: Session, operation: (book: Book) => Result): Result {
    try {
      return operation(current.book);
    } catch (error) {
      if (isGenOpsError(error)) throw error;
      // The store could not be read half-way through: the book cannot be trusted any more.
      broken = error;
      trouble = unavailable(error instanceof Error ? error.message : String(error), error);
      if (writing === undefined) void fail([], error);
      throw trouble;
    } finally {
      if (session?.changed()) schedule();
    }
  }

  /** Resolves when everything done so far is written. */
  function onDisk(current: Session): Promise<void> | undefined {
    const waiters = current.changed() ? gathering : writing;
    if (waiters === undefined) return undefined;
    return new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
  }

  async function between<Result>(task: (committer: Committer) => Promise<Result>): Promise<Result> {
    while (writing !== undefined) await written;
    if (session === undefined || trouble !== undefined || closed)
      throw trouble ?? unavailable('it is closed');
    const waiters: Waiter[] = [];
    writing = waiters;
    const running = task(committer);
    written = running.then(
      () => {},
      (error) => fail([], error),
    );
    try {
      return await running;
    } catch (error) {
      throw unavailable(error instanceof Error ? error.message : String(error), error);
    } finally {
      await written;
      writing = undefined;
      if (trouble !== undefined) rejectAll(waiters, trouble);
      else for (const waiter of waiters) waiter.resolve();
      if (session?.changed()) schedule();
    }
  }

  return {
    run,
    between,
    look: async (question) => {
      if (session === undefined || closed) throw trouble ?? unavailable('it is closed');
      return apply(session, question);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      if (session?.changed() || writing !== undefined) {
        await new Promise<void>((resolve) => {
          idle = resolve;
          schedule();
        });
      }
      session?.close();
      if (session !== undefined) await committer.close();
    },
  };
}

/** A refusal changes nothing, so there is nothing to wait for. */
function isRefusal(result: unknown): boolean {
  return (
    typeof result === 'object' && result !== null && (result as { result?: unknown }).result === 'refused'
  );
}

function rejectAll(waiters: readonly Waiter[], error: Error): void {
  for (const waiter of waiters) waiter.reject(error);
}

function unavailable(reason: string, cause?: unknown): LedgerUnavailableError {
  return new LedgerUnavailableError('sqlite', reason, { cause });
}
