import { checkShare, checkWholeNumber } from './check-number.ts';
import type { OperationResult } from './session.ts';

/** What was told of operations, and what was not. */
export interface ExportStatistics {
  readonly operations: number;
  readonly delivered: number;
  readonly sampledOut: number;
  /** Operations whose listener threw, or whose batch it refused. */
  readonly failed: number;
  /** Batches that were taken. */
  readonly batches: number;
  /** Operations that no batch had room for: their listener was too slow. */
  readonly dropped: number;
  /** Operations that wait for their batch. */
  readonly buffered: number;
  /** From an operation's end until its batch was taken; absent before the first. */
  readonly averageExportLatencyMs?: number;
}

export interface BatchOptions {
  /** Operations of one batch. @default 100 */
  readonly batchSize?: number;
  /** After that long an incomplete batch goes out too. @default 1_000 */
  readonly intervalMs?: number;
  /** The most operations that wait; the oldest are dropped first. @default 10_000 */
  readonly maxBuffered?: number;
  /** From 0 to 1. @default 1 */
  readonly samplingRate?: number;
}

export type OperationListener = (result: OperationResult) => void;
export type BatchListener = (results: readonly OperationResult[]) => void | Promise<void>;

/** Tells listeners of operations, of all or of a sample. Accounting never depends on it. */
export interface OperationFeed {
  publish(result: OperationResult): void;
  /** @returns a function that ends it */
  on(listener: OperationListener, options?: { readonly samplingRate?: number }): () => void;
  /** One batch at a time. @returns a function that hands over what is left, and ends it */
  onBatches(listener: BatchListener, options?: BatchOptions): () => Promise<void>;
  statistics(): ExportStatistics;
}

export function createOperationFeed(random: () => number): OperationFeed {
  const listeners = new Map<OperationListener, { readonly samplingRate: number; readonly takes: boolean }>();
  const counts = { operations: 0, delivered: 0, sampledOut: 0, failed: 0, batches: 0, dropped: 0 };
  const buffers = new Set<{ readonly length: number }>();
  let latencyMs = 0;
  let timed = 0;

  const add = (
    listener: OperationListener,
    how: { readonly samplingRate: number; readonly takes: boolean },
  ): (() => void) => {
    // None at all is a share too.
    if (how.samplingRate !== 0) checkShare('samplingRate', how.samplingRate);
    listeners.set(listener, how);
    return () => listeners.delete(listener);
  };

  const onBatches: OperationFeed['onBatches'] = (listener, options = {}) => {
    const { batchSize = 100, intervalMs = 1_000, maxBuffered = 10_000, samplingRate = 1 } = options;
    checkWholeNumber('batchSize', batchSize, 1);
    checkWholeNumber('intervalMs', intervalMs, 1);
    checkWholeNumber('maxBuffered', maxBuffered, batchSize);
    const waiting: { readonly result: OperationResult; readonly endedMs: number }[] = [];
    let handingOver: Promise<void> | undefined;
    const handOver = async (atLeast: number): Promise<void> => {
      while (waiting.length >= atLeast && waiting.length > 0) {
        const batch = waiting.splice(0, batchSize);
        try {
          await listener(batch.map(({ result }) => result));
          counts.batches += 1;
          counts.delivered += batch.length;
          const takenMs = performance.now();
          for (const { endedMs } of batch) latencyMs += takenMs - endedMs;
          timed += batch.length;
        } catch {
          counts.failed += batch.length;
        }
      }
    };
    const begin = (atLeast: number): Promise<void> => {
      handingOver ??= handOver(atLeast).finally(() => {
        handingOver = undefined;
      });
      return handingOver;
    };
    const stop = add(
      (result) => {
        if (waiting.length >= maxBuffered) {
          waiting.shift();
          counts.dropped += 1;
        }
        waiting.push({ result, endedMs: performance.now() });
        if (waiting.length >= batchSize) void begin(batchSize);
      },
      // Its listener has it once the batch is taken.
      { samplingRate, takes: false },
    );
    buffers.add(waiting);
    const timer = setInterval(() => void begin(1), intervalMs);
    timer.unref();
    return async () => {
      stop();
      clearInterval(timer);
      await handingOver;
      await begin(1);
      buffers.delete(waiting);
    };
  };

  return {
    publish: (result) => {
      counts.operations += 1;
      for (const [listener, { samplingRate, takes }] of listeners) {
        if (random() >= samplingRate) {
          counts.sampledOut += 1;
          continue;
        }
        try {
          listener(result);
          if (takes) counts.delivered += 1;
        } catch {
          counts.failed += 1;
        }
      }
    },
    on: (listener, { samplingRate = 1 } = {}) => add(listener, { samplingRate, takes: true }),
    onBatches,
    statistics: () => ({
      ...counts,
      buffered: [...buffers].reduce((sum, { length }) => sum + length, 0),
      ...(timed > 0 && { averageExportLatencyMs: latencyMs / timed }),
    }),
  };
}
