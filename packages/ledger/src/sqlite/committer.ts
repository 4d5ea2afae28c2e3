import type { Batch } from './batch.ts';
import { startThread } from './reading-thread.ts';
import { openWriter } from './writer.ts';

/** Puts batches on disk, one after another. */
export interface Committer {
  /** Resolves when the batch is on disk. Rejects when it is not, or when nobody knows; no other follows then. */
  readonly commit: (batch: Batch) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What the thread is told and answers. */
export type ToThread = { readonly commit: Batch } | { readonly close: true };
export type FromThread = { readonly done: true } | { readonly failed: string };

/** Writes on this thread: everything waits for the disk. For tools that do one thing at a time. */
export async function openInlineCommitter(path: string): Promise<Committer> {
  const writer = openWriter(path);
  return {
    commit: async (batch) => writer.commit(batch),
    close: async () => writer.close(),
  };
}

/** Writes on a thread of its own, so that nothing here waits for the disk. */
export async function openThreadCommitter(path: string): Promise<Committer> {
  const worker = startThread('sqlite-writer', path);
  let settle: ((error?: Error) => void) | undefined;
  let ended: Error | undefined;

  worker.on('message', (message: FromThread) =>
    answer('failed' in message ? new Error(message.failed) : undefined),
  );
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => end(new Error('the writing thread ended')));

  function answer(error?: Error): void {
    worker.unref();
    const waiting = settle;
    settle = undefined;
    waiting?.(error);
  }

  function end(error: Error): void {
    ended ??= error;
    answer(ended);
  }

  function ask(message: ToThread): Promise<void> {
    return new Promise((resolve, reject) => {
      if (ended !== undefined) {
        reject(ended);
        return;
      }
      settle = (error) => (error === undefined ? resolve() : reject(error));
      worker.ref();
      worker.postMessage(message);
    });
  }

  await new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error));
  });
  return {
    commit: (batch) => ask({ commit: batch }),
    close: async () => {
      if (ended === undefined) await ask({ close: true });
      await worker.terminate();
    },
  };
}
