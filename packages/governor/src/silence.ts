/** Notices when nothing comes for too long. */
export interface SilenceWatch {
  /** Something came; or may come again, after {@link SilenceWatch.suspend}. */
  heard(): void;
  /** Silence is our own doing now: the caller wants a pause. */
  suspend(): void;
  end(): void;
}

/**
 * One timer for the whole attempt: it is not set anew for each chunk, it looks how long the last one is ago.
 *
 * @param firstMs - until something comes at all
 * @param thenMs - between two chunks
 */
export function watchSilence(
  firstMs: number,
  thenMs: number,
  onSilence: (silentMs: number) => void,
): SilenceWatch {
  let limitMs = firstMs;
  let lastMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const look = (): void => {
    const silentMs = performance.now() - lastMs;
    if (silentMs >= limitMs) onSilence(Math.round(silentMs));
    else set(limitMs - silentMs + 1);
  };
  const set = (waitMs: number): void => {
    clearTimeout(timer);
    if (ended) return;
    timer = setTimeout(look, waitMs);
    timer.unref();
  };
  set(firstMs);
  return {
    heard() {
      lastMs = performance.now();
      if (timer !== undefined && limitMs === thenMs) return;
      limitMs = thenMs;
      set(thenMs);
    },
    suspend() {
      clearTimeout(timer);
      timer = undefined;
    },
    end() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
