/** Stops traffic to something that fails, and lets one attempt at a time find out whether it is back. */
export interface Breaker {
  state(nowMs: number): BreakerState;
  /**
   * Asks to go. Without a permit there is no attempt; a permit must be given back, whatever happened.
   */
  acquire(nowMs: number): Permit | undefined;
  /** True when {@link Breaker.acquire} would give a permit. */
  admits(nowMs: number): boolean;
  /** When a probe may go; undefined while closed. */
  opensAtMs(nowMs: number): number | undefined;
  snapshot(): BreakerSnapshot;
  /** Takes over what another replica knows. An end never moves earlier by it. */
  merge(other: BreakerSnapshot): void;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** The first call counts; more are ignored. */
export interface Permit {
  readonly probe: boolean;
  succeeded(nowMs: number): void;
  failed(nowMs: number): void;
  /** It says nothing about this: a cancel, a rate limit, a bad request. */
  neutral(nowMs: number): void;
}

export interface BreakerSnapshot {
  readonly openUntilMs: number;
  readonly opens: number;
  readonly changedAtMs: number;
}

export interface BreakerOptions {
  /** Failures within `windowMs` that open it. @default 5 */
  readonly failures?: number;
  /** @default 60_000 */
  readonly windowMs?: number;
  /** For how long it opens first; doubles with each probe that fails. @default 5_000 */
  readonly openMs?: number;
  /** @default 300_000 */
  readonly maxOpenMs?: number;
  /** After this a probe that never came back is given up. @default 60_000 */
  readonly probeTimeoutMs?: number;
  /** Told when it opens, with each probe that fails, and when it closes; not of what another replica found out. */
  readonly onChange?: (state: 'open' | 'closed', nowMs: number, openUntilMs: number) => void;
}

export function createBreaker(options: BreakerOptions = {}): Breaker {
  const { failures = 5, windowMs = 60_000, openMs = 5_000, maxOpenMs = 300_000 } = options;
  const { probeTimeoutMs = 60_000 } = options;
  let recent: number[] = [];
  let openUntilMs = 0;
  let opens = 0;
  let changedAtMs = 0;
  let probe: { readonly id: symbol; readonly untilMs: number } | undefined;

  const state = (nowMs: number): BreakerState => {
    if (opens === 0) return 'closed';
    return nowMs < openUntilMs ? 'open' : 'half-open';
  };
  const probing = (nowMs: number): boolean => probe !== undefined && nowMs < probe.untilMs;

  const open = (nowMs: number): void => {
    const lasts = Math.min(maxOpenMs, openMs * 2 ** Math.min(opens, 30));
    openUntilMs = Math.max(openUntilMs, nowMs + lasts);
    opens += 1;
    changedAtMs = nowMs;
    recent = [];
    options.onChange?.('open', nowMs, openUntilMs);
  };
  const close = (nowMs: number): void => {
    const wasOpen = opens > 0;
    if (wasOpen) changedAtMs = nowMs;
    opens = 0;
    openUntilMs = 0;
    recent = [];
    if (wasOpen) options.onChange?.('closed', nowMs, 0);
  };

  const permit = (id: symbol | undefined): Permit => {
    let used = false;
    /** @returns whether the outcome still counts */
    const giveBack = (): boolean => {
      if (used) return false;
      used = true;
      if (id === undefined) return true;
      const current = probe?.id === id;
      if (current) probe = undefined;
      return current;
    };
    return {
      probe: id !== undefined,
      succeeded(nowMs) {
        if (!giveBack()) return;
        // An attempt from before it opened says nothing about now.
        if (id !== undefined) close(nowMs);
        else if (opens === 0 && recent.length > 0) recent = [];
      },
      failed(nowMs) {
        if (!giveBack()) return;
        if (id !== undefined) return open(nowMs);
        if (opens > 0) return;
        recent = [...recent.filter((at) => at > nowMs - windowMs), nowMs];
        if (recent.length >= failures) open(nowMs);
      },
      neutral() {
        giveBack();
      },
    };
  };

  return {
    state,
    admits: (nowMs) => opens === 0 || (nowMs >= openUntilMs && !probing(nowMs)),
    acquire(nowMs) {
      switch (state(nowMs)) {
        case 'closed':
          return permit(undefined);
        case 'open':
          return undefined;
        case 'half-open': {
          if (probing(nowMs)) return undefined;
          const id = Symbol('probe');
          probe = { id, untilMs: nowMs + probeTimeoutMs };
          return permit(id);
        }
      }
    },
    opensAtMs: (nowMs) => (state(nowMs) === 'closed' ? undefined : Math.max(openUntilMs, nowMs)),
    snapshot: () => ({ openUntilMs, opens, changedAtMs }),
    merge(other) {
      if (other.opens > 0) {
        if (other.changedAtMs < changedAtMs && opens === 0) return;
        openUntilMs = Math.max(openUntilMs, other.openUntilMs);
        opens = Math.max(opens, other.opens);
        changedAtMs = Math.max(changedAtMs, other.changedAtMs);
      } else if (other.changedAtMs > changedAtMs) {
        // Somebody's probe succeeded after we opened.
        close(other.changedAtMs);
        changedAtMs = other.changedAtMs;
      }
    },
  };
}
