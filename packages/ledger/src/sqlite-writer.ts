import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, ToThread } from './sqlite/committer.ts';
import { openWriter } from './sqlite/writer.ts';

// The thread that waits for the disk. It answers each message once, in order.
const { path } = workerData as { path: string };

function answer(action: () => unknown): void {
  let message: FromThread;
  try {
    message = { done: action() };
  } catch (error) {
    message = { failed: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(message);
}

let writer: ReturnType<typeof openWriter> | undefined;
answer(() => {
  writer = openWriter(path);
});

parentPort?.on('message', (message: ToThread) => {
  answer(() => {
    if (writer === undefined) throw new Error('the ledger could not be opened');
    if ('commit' in message) return writer.commit(message.commit);
    if ('retire' in message) return writer.retire(message.retire);
    return writer.close();
  });
});
