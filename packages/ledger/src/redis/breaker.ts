/** Runs actions that may take only so long, and leaves off for a while when they keep failing. */
export interface Breaker {
  /** @returns what the action gave, or `undefined` when it failed, took too long, or was not tried */
  readonly run: <Result>(action: () => Promise<Result>) => Promise<Result | undefined>;
}

export interface BreakerOptions {
  readonly timeoutMs: number;
  /** Failures in a row after which nothing is tried for a while. */
  readonly failures: number;
  readonly pauseMs: number;
  readonly onError: (error: unknown) => void;
}

export function createBreaker({ timeoutMs, failures, pauseMs, onError }: BreakerOptions): Breaker {
  let failed = 0;
  let openUntil = Number.NEGATIVE_INFINITY;

  return {
    run: async (action) => {
      if (performance.now() < openUntil) return undefined;
      try {
        const result = await withinTime(action(), timeoutMs);
        failed = 0;
        return result;
      } catch (error) {
        onError(error);
        failed += 1;
        if (failed >= failures) openUntil = performance.now() + pauseMs;
        return undefined;
      }
    },
  };
}

function withinTime<Result>(promise: Promise<Result>, timeoutMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No answer within ${timeoutMs} ms`)), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
