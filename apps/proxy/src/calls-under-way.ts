/** Counts what is under way, and knows when there is nothing left. */
export interface CallsUnderWay {
  track<Result>(call: Promise<Result>): Promise<Result>;
  /** Resolves once nothing is under way. */
  idle(): Promise<void>;
}

export function createCallsUnderWay(): CallsUnderWay {
  let count = 0;
  let waiting: (() => void)[] = [];
  const ended = (): void => {
    count -= 1;
    if (count > 0) return;
    for (const tell of waiting) tell();
    waiting = [];
  };
  return {
    track: (call) => {
      count += 1;
      return call.finally(ended);
    },
    idle: () =>
      new Promise((resolve) => {
        if (count === 0) resolve();
        else waiting.push(resolve);
      }),
  };
}
