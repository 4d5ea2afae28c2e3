import type { OperationResult } from './session.ts';

/** What was told of operations, and what was not. */
export interface ExportStatistics {
  readonly operations: number;
  readonly delivered: number;
  readonly sampledOut: number;
  /** Listeners that threw. */
  readonly failed: number;
}

/** Tells listeners of operations, of all or of a sample. Accounting never depends on it. */
export interface OperationFeed {
  publish(result: OperationResult): void;
  /** @returns a function that ends it */
  on(listener: (result: OperationResult) => void, options?: { readonly samplingRate?: number }): () => void;
  statistics(): ExportStatistics;
}

export function createOperationFeed(random: () => number): OperationFeed {
  const listeners = new Map<(result: OperationResult) => void, number>();
  const counts = { operations: 0, delivered: 0, sampledOut: 0, failed: 0 };
  return {
    publish: (result) => {
      counts.operations += 1;
      for (const [listener, samplingRate] of listeners) {
        if (random() >= samplingRate) {
          counts.sampledOut += 1;
          continue;
        }
        try {
          listener(result);
          counts.delivered += 1;
        } catch {
          counts.failed += 1;
        }
      }
    },
    on: (listener, { samplingRate = 1 } = {}) => {
      listeners.set(listener, samplingRate);
      return () => listeners.delete(listener);
    },
    statistics: () => ({ ...counts }),
  };
}
