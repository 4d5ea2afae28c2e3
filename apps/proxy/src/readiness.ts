export interface ReadinessOptions {
  /** Asks what readiness depends on; rejects when it does not answer. */
  readonly check: () => Promise<unknown>;
  /** @default 1000 */
  readonly everyMs?: number;
  /** After which an answer counts as none. @default 2000 */
  readonly timeoutMs?: number;
  /** So many failures in a row make it unavailable. @default 3 */
  readonly failures?: number;
  /** So many answers in a row make it available again. @default 2 */
  readonly successes?: number;
}

/** Whether something answers, with a memory: one slip does not take a proxy out, one answer does not bring it back. */
export interface Readiness {
  /** What is known; costs nothing to ask. */
  readonly available: boolean;
  stop(): void;
}

/** Looks again and again. Available until it is found not to be: whoever asks has just opened it. */
export function watchReadiness(options: ReadinessOptions): Readiness {
  const { check, everyMs = 1_000, timeoutMs = 2_000, failures = 3, successes = 2 } = options;
  let available = true;
  /** How many answers in a row said otherwise. */
  let against = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void look(), everyMs);
    timer.unref();
  };
  const look = async (): Promise<void> => {
    const answered = await answers(check, timeoutMs);
    against = answered === available ? 0 : against + 1;
    if (against >= (available ? failures : successes)) {
      available = !available;
      against = 0;
    }
    next();
  };
  next();
  return {
    get available() {
      return available;
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function answers(check: () => Promise<unknown>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    check()
      .then(
        () => resolve(true),
        () => resolve(false),
      )
      .finally(() => clearTimeout(timer));
  });
}
