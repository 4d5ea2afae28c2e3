import type { Headers } from '../failures/failure.ts';
import type { QuotaNeed, QuotaState } from '../quota/quota.ts';
import { soonestOf, worstState } from '../quota/quota.ts';
import type { Key } from './key.ts';

/** A request must fit the key's own quota and that of its account. */
export function fitsKey({ own, group }: Key, need: QuotaNeed, nowMs: number): boolean {
  return group.quota.fits(need, nowMs) && (own === undefined || own.fits(need, nowMs));
}

/** When it fits at the earliest; undefined where it does now, never will, or nobody knows. */
export function fitsKeyAtMs({ own, group }: Key, need: QuotaNeed, nowMs: number): number | undefined {
  const ends = [group.quota.fitsAtMs(need, nowMs), own?.fitsAtMs(need, nowMs)];
  const known = ends.filter((end) => end !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

export function headroomOf({ own, group }: Key, nowMs: number): number {
  const shared = group.quota.headroom(nowMs);
  return own === undefined ? shared : Math.min(shared, own.headroom(nowMs));
}

/** Counts a request on both. @returns gives back what it did not use; only the first call counts */
export function takeFrom(
  { own, group }: Key,
  need: QuotaNeed,
  nowMs: number,
): (used: QuotaNeed | undefined) => void {
  const settleShared = group.quota.take(need, nowMs);
  const settleOwn = own?.take(need, nowMs);
  return (used) => {
    settleShared(used);
    settleOwn?.(used);
  };
}

/** What a provider says of its limits it says of the account. */
export function learnFrom({ provider, group }: Key, headers: Headers, nowMs: number): void {
  group.quota.learn(provider, headers, nowMs);
}

export function quotaStateOf({ own, group }: Key, need: QuotaNeed, nowMs: number): QuotaState {
  const shared = group.quota.state(need, nowMs);
  if (own === undefined || !own.known) return shared;
  const alone = own.state(need, nowMs);
  const prediction = soonestOf([shared.prediction, alone.prediction]);
  return {
    state: worstState(shared.state, alone.state),
    windows: [...shared.windows, ...alone.windows],
    ...(prediction !== undefined && { prediction }),
  };
}
