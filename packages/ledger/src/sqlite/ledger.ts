import { isGenOpsError } from '@genops/core';
import { createClock } from '../clock.ts';
import { checkEntryQuery, checkFilter, instantMs } from '../entry-page.ts';
import { LedgerUnavailableError } from '../errors.ts';
import type { DurableLedger, EntryFilter, Ledger, RetireResult } from '../ledger.ts';
import { anchorFromText } from '../stored/anchor.ts';
import { openInlineCommitter, openThreadCommitter } from './committer.ts';
import { lockForWriting, openForWriting } from './open-database.ts';
import { createQueue, type Queue } from './queue.ts';
import { openSqliteLedgerReader, toEntryPage, toSumRows } from './reader.ts';
import { createReadingThread } from './reading-thread.ts';
import type { RetiredStep } from './retire.ts';
import { openSession } from './session.ts';

export interface SqliteLedgerOptions {
  /** The database file; made when there is none. */
  readonly path: string;
  /**
   * Whether the disk is waited for on threads of their own, or here. `here` suits tools that do one thing at a
   * time, and bundles that cannot start threads.
   *
   * @default 'threads'
   */
  readonly waitForDiskOn?: 'threads' | 'here';
  /**
   * How long a call waits for the disk before it is told that nobody knows.
   *
   * @default 5000
   */
  readonly timeoutMs?: number;
  /** In place of the machine's clock. */
  readonly now?: () => Date;
}

/**
 * Opens the ledger in a file: everything that resolves is on disk. One process writes at a time; a second one
 * is refused.
 *
 * @throws {LedgerUnavailableError} when another process writes to it, or the disk cannot be relied on
 * @throws {LedgerCorruptError} when the file is damaged, no ledger, or of a newer version
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<DurableLedger> {
  const { path, waitForDiskOn = 'threads', timeoutMs = 5000, now } = options;
  const lock = lockForWriting(path);
  try {
    // Creates and migrates, and says in full what is wrong with a file.
    openForWriting(path).close();
    const clock = createClock(now);
    const queue = await createQueue({
      openCommitter: () =>
        waitForDiskOn === 'threads' ? openThreadCommitter(path) : openInlineCommitter(path),
      openSession: () => openSession(path, clock),
      timeoutMs,
    });
    const reads = waitForDiskOn === 'threads' ? readOnThread(path) : await openSqliteLedgerReader({ path });
    let closing: Promise<void> | undefined;
    const closeAll = async (): Promise<void> => {
      await reads.close();
      // Last: whoever closes a database last folds its log into it.
      await queue.close();
      lock.release();
    };
    return {
      driver: 'sqlite',
      reserve: (request) => queue.run((book) => book.reserve(request)),
      settle: (request) => queue.run((book) => book.settle(request)),
      release: (request) => queue.run((book) => book.release(request)),
      record: (entry) => queue.run((book) => book.record(entry)),
      expire: async () => ({ expired: await queue.run((book) => book.expire()) }),
      states: (queries) => queue.look((book) => book.states(queries)),
      entries: (query) => reads.entries(query),
      sum: (query) => reads.sum(query),
      verify: (options) => reads.verify(options),
      retire: ({ before, legalHold }) => retireInSteps(queue, instantMs('before', before), legalHold),
      close: () => (closing ??= closeAll()),
    };
  } catch (error) {
    lock.release();
    if (isGenOpsError(error)) throw error;
    // What SQLite said, here or on the writing thread.
    const reason = error instanceof Error ? error.message : String(error);
    throw new LedgerUnavailableError('sqlite', `${path}: ${reason}`, { cause: error });
  }
}

/** Calls go on between the steps. */
async function retireInSteps(
  queue: Queue,
  before: number,
  legalHold: EntryFilter | undefined,
): Promise<RetireResult> {
  let retired = 0;
  let kept = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const step: RetiredStep = await queue.between((committer) =>
      committer.retire({ before, legalHold, after: after ?? 0 }),
    );
    retired += step.retired;
    kept += step.kept;
    after = step.after;
  }
  return { retired, kept };
}

function readOnThread(path: string): Pick<Ledger, 'entries' | 'sum' | 'verify' | 'close'> {
  const thread = createReadingThread(path);
  return {
    entries: async (query = {}) => {
      checkEntryQuery(query);
      return toEntryPage(await thread.ask({ ask: 'page', query }));
    },
    sum: async (query) => {
      checkFilter(query.filter ?? {});
      return toSumRows(query, await thread.ask({ ask: 'tallies', query }));
    },
    verify: async (options = {}) => {
      // Said here, because an error of the thread is one of the store.
      if (options.anchor !== undefined) anchorFromText(options.anchor);
      return thread.ask({ ask: 'verify', options });
    },
    close: thread.close,
  };
}
