import type { Batch } from './batch.ts';
import { startThread } from './reading-thread.ts';
import type { RetiredStep, RetireStep } from './retire.ts';
import { openWriter } from './writer.ts';

/** Puts batches on disk, one after another. */
export interface Committer {
  /** Resolves when the batch is on disk. Rejects when it is not, or when nobody knows; no other follows then. */
  readonly commit: (batch: Batch) => Promise<void>;
  /** Takes entries out; call it when no batch is being written. */
  readonly retire: (step: RetireStep) => Promise<RetiredStep>;
  readonly close: () => Promise<void>;
}

/** What the thread is told and answers. */
export type ToThread =
  | { readonly commit: Batch }
  | { readonly retire: RetireStep }
  | { readonly close: true };
export type FromThread = { readonly done: unknown } | { readonly failed: string };

/** Writes on this thread: everything waits for the disk. For tools that do one thing at a time. */
export async function openInlineCommitter(path: string): Promise<Committer> {
  const writer = openWriter(path);
  return {
    commit: async (batch) => writer.commit(batch),
    retire: async (step) => writer.retire(step),
    close: async () => writer.close(),
  };
}

/** Writes on a thread of its own, so that nothing here waits for the disk. */
export async function openThreadCommitter(path: string): Promise<Committer> {
  const worker = startThread('sqlite-writer', path);
  let settle: ((answered: FromThread | Error) => void) | undefined;
  let ended: Error | undefined;

  worker.on('message', (message: FromThread) =>
    answer('failed' in message ? new Error(message.failed) : message),
  );
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => end(new Error('the writing thread ended')));

  function answer(answered: FromThread | Error): void {
    worker.unref();
    const waiting = settle;
    settle = undefined;
    waiting?.(answered);
  }

  function end(error: Error): void {
    ended ??= error;
    answer(ended);
  }

  /** The answer to whatever was sent last. */
  function answered(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      settle = (given) =>
        given instanceof Error ? reject(given) : resolve('done' in given ? given.done : undefined);
    });
  }

  async function ask(message: ToThread, given: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (ended !== undefined) throw ended;
    worker.ref();
    worker.postMessage(message, given);
    return answered();
  }

  try {
    await answered();
  } catch (error) {
    // A thread that stays would keep the file open, as badly as it could be opened now.
    await worker.terminate();
    throw error;
  }
  return {
    commit: async (batch) => {
      await ask({ commit: batch }, [batch.text.buffer]);
    },
    retire: async (step) => (await ask({ retire: step })) as RetiredStep,
    close: async () => {
      if (ended === undefined) await ask({ close: true });
      await worker.terminate();
    },
  };
}
