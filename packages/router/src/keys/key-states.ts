import { smallestNeed } from '../quota/quota.ts';
import type { Cell, RestingKey } from './cell.ts';
import type { Key } from './key.ts';
import { fitsKey, fitsKeyAtMs } from './key-quota.ts';
import { type KeyState, mayFollow, type StateTransition } from './key-state.ts';
import { createWakeUps } from './wake-ups.ts';

export interface KeyStatesOptions {
  readonly nowMs: () => number;
  readonly cellOf: (key: Key) => Cell;
  /** After how long a key is looked at again when nobody says. */
  readonly recheckMs: number;
  readonly recoveringShare: number;
  readonly onTransition?: (transition: StateTransition) => void;
}

/** Moves keys from state to state, and keeps each one's share of the draw what its state allows. */
export interface KeyStates {
  /** Into a state, if it may follow. A key that rests already rests until the later of both ends. */
  enter(key: Key, state: KeyState, trigger: string, untilMs?: number): void;
  /** After anything about a key changed. */
  refresh(key: Key): void;
  /** Applies what time alone has changed since the last look. */
  wake(): void;
}

export function createKeyStates(options: KeyStatesOptions): KeyStates {
  const { nowMs, cellOf, recheckMs, recoveringShare } = options;
  const wakeUps = createWakeUps<Key>();

  const enter = (key: Key, state: KeyState, trigger: string, untilMs?: number): void => {
    if (key.state === state) {
      if (untilMs !== undefined) key.restsUntilMs = Math.max(key.restsUntilMs, untilMs);
      refresh(key);
      return;
    }
    if (!mayFollow(key.state, state)) return;
    const fromState = key.state;
    const now = nowMs();
    key.state = state;
    key.stateUpdatedAtMs = now;
    key.restsUntilMs = untilMs ?? 0;
    refresh(key);
    options.onTransition?.({
      entityType: 'key',
      entityId: key.id,
      provider: key.provider,
      fromState,
      toState: state,
      timestamp: new Date(now).toISOString(),
      trigger,
      ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
    });
  };

  const settleTime = (key: Key): void => {
    if (nowMs() < key.restsUntilMs) return;
    if (key.state === 'throttled') enter(key, 'available', 'cooldown_over');
    else if (key.state === 'exhausted') enter(key, 'recovering', 'reset');
  };

  const refresh = (key: Key): void => {
    const now = nowMs();
    const rest = restOf(key, now, recheckMs);
    if (rest === undefined) {
      const gently = key.state === 'recovering' || key.breaker.state(now) === 'half-open';
      cellOf(key).set(key, (key.metadata.weight ?? 1) * (gently ? recoveringShare : 1));
      return;
    }
    cellOf(key).set(key, 0, restingKey(key, rest));
    if (rest.untilMs !== undefined) wakeUps.add(rest.untilMs, key);
  };

  return {
    enter,
    refresh,
    wake() {
      const now = nowMs();
      for (let key = wakeUps.next(now); key !== undefined; key = wakeUps.next(now)) {
        settleTime(key);
        refresh(key);
      }
    },
  };
}

interface Rest {
  readonly reason: string;
  readonly untilMs?: number;
}

/** Why a key gets no traffic; undefined when it gets some. */
function restOf(key: Key, nowMs: number, recheckMs: number): Rest | undefined {
  const { state, breaker } = key;
  if (state === 'disabled' || state === 'invalid') return { reason: state };
  if (state === 'throttled' || state === 'exhausted') return { reason: state, untilMs: key.restsUntilMs };
  if (!breaker.admits(nowMs)) {
    // Half-open with its probe under way: its outcome tells, this is for a probe that never comes back.
    return { reason: 'breaker_open', untilMs: Math.max(breaker.opensAtMs(nowMs) ?? 0, nowMs + 1_000) };
  }
  if (!fitsKey(key, smallestNeed, nowMs)) {
    return {
      reason: 'quota_exhausted',
      untilMs: fitsKeyAtMs(key, smallestNeed, nowMs) ?? nowMs + recheckMs,
    };
  }
  return isFull(key) ? { reason: 'busy' } : undefined;
}

/** True when an attempt could use it now. */
export function isLive(key: Key, nowMs: number): boolean {
  return (
    (key.state === 'available' || key.state === 'recovering') && !isFull(key) && key.breaker.admits(nowMs)
  );
}

function isFull({ inFlight, metadata }: Key): boolean {
  return metadata.maxConcurrent !== undefined && inFlight >= metadata.maxConcurrent;
}

function restingKey(key: Key, { reason, untilMs }: Rest): RestingKey {
  return {
    keyId: key.id,
    reason,
    ...(untilMs !== undefined && { untilMs }),
  };
}
