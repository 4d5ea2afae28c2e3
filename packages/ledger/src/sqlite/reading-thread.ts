import { Worker } from 'node:worker_threads';
import type { Tally } from '../entry-query.ts';
import { LedgerUnavailableError } from '../errors.ts';
import type { EntryQuery, SumQuery, VerifyOptions, VerifyResult } from '../ledger.ts';
import type { StoredPage } from '../stored/entry-sql.ts';

/** A question that can take long. */
export type Question =
  | { readonly ask: 'page'; readonly query: EntryQuery | undefined }
  | { readonly ask: 'tallies'; readonly query: SumQuery }
  | { readonly ask: 'verify'; readonly options: VerifyOptions };

interface Answers {
  readonly page: StoredPage;
  readonly tallies: readonly Tally[];
  readonly verify: VerifyResult;
}

export type ToReader = { readonly number: number; readonly question: Question };
export type FromReader = { readonly number: number } & (
  | { readonly answer: unknown }
  | { readonly failed: string }
);

/** Reads on a thread of its own, so that a long sum keeps no call waiting. */
export interface ReadingThread {
  readonly ask: <Q extends Question>(question: Q) => Promise<Answers[Q['ask']]>;
  readonly close: () => Promise<void>;
}

export function createReadingThread(path: string): ReadingThread {
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  let worker: Worker | undefined;
  let asked = 0;

  /** Started by the first question: most processes never ask one. */
  function start(): Worker {
    const started = startThread('sqlite-reader', path);
    started.on('message', (message: FromReader) => {
      const waiter = waiting.get(message.number);
      waiting.delete(message.number);
      if (waiting.size === 0) started.unref();
      if ('failed' in message) waiter?.reject(new LedgerUnavailableError('sqlite', message.failed));
      else waiter?.resolve(message.answer as never);
    });
    started.on('error', (error) => end(String(error)));
    started.on('exit', () => end('the reading thread ended'));
    return started;
  }

  function end(reason: string): void {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(new LedgerUnavailableError('sqlite', reason));
    waiting.clear();
  }

  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        worker ??= start();
        asked += 1;
        waiting.set(asked, { resolve, reject });
        worker.ref();
        worker.postMessage({ number: asked, question } satisfies ToReader);
      }),
    close: async () => {
      await worker?.terminate();
    },
  };
}

/** Where the threads are: beside what was built, also for source. */
const built = import.meta.url.endsWith('.ts') ? '../../dist/' : './';

/**
 * Starts one of this package's threads, as it was built: to load source, a thread has Node strip the types with
 * WebAssembly, and V8 now and then ends a process in which threads with WebAssembly come and go.
 */
export function startThread(name: 'sqlite-writer' | 'sqlite-reader', path: string): Worker {
  return new Worker(new URL(`${built}${name}.js`, import.meta.url), { workerData: { path }, execArgv: [] });
}
