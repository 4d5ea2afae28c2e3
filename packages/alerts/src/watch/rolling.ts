import { Decimal } from '@genops/core';
import { addLatency, type LatencyCounts } from './latency-counts.ts';

/** What one call adds to a window. */
export interface Sample {
  /** Of what is counted, or the sum that a mean is made of. */
  readonly hits: number;
  /** Of what it is a share or mean of. */
  readonly calls: number;
  readonly cost?: Decimal;
  readonly latencyMs?: number;
}

/** What a window holds. */
export interface Total {
  hits: number;
  calls: number;
  cost: Decimal;
  readonly latencies: LatencyCounts;
}

/** Sums over the last so many milliseconds, kept as running totals. */
export interface Rolling {
  add(sample: Sample, atMs: number, nowMs: number): void;
  /** Of each window, in the order in which they were given. Never has more in it than the window had. */
  totals(nowMs: number): readonly Total[];
  /** When something was added last. */
  readonly touchedAtMs: number;
}

interface Slot extends Total {
  readonly index: number;
}

/**
 * Sums in slots: a window is as many whole slots as fit into it, so that what is older than the window never
 * counts, and what is within it counts for all but at most one slot of that time. Costs are exact.
 *
 * @param windowsMs - the lengths of the windows
 */
export function createRolling(windowsMs: readonly number[]): Rolling {
  const longest = Math.max(...windowsMs);
  const slotMs = Math.max(1, Math.min(...windowsMs) / 60, longest / 2_000);
  /** All but the newest, the oldest first; each is in the totals of the windows that it lies in. */
  const slots: Slot[] = [];
  /** Most calls come here, and it joins the totals only when another one takes its place. */
  let newest: Slot | undefined;
  /** For each window: how many of the slots, from the oldest, it has lost. */
  const windows = windowsMs.map((lengthMs) => ({ lengthMs, total: emptyTotal(), from: 0 }));
  let touchedAtMs = Number.NEGATIVE_INFINITY;

  /** The first slot that lies wholly within the window. */
  const firstIndex = (lengthMs: number, nowMs: number): number => Math.ceil((nowMs - lengthMs) / slotMs);

  const forget = (nowMs: number): void => {
    for (const window of windows) {
      const first = firstIndex(window.lengthMs, nowMs);
      while (window.from < slots.length && (slots[window.from] as Slot).index < first) {
        change(window.total, slots[window.from] as Slot, -1);
        window.from += 1;
      }
    }
    const gone = Math.min(...windows.map(({ from }) => from));
    if (gone === 0) return;
    slots.splice(0, gone);
    for (const window of windows) window.from -= gone;
  };
  const openSlot = (index: number): Slot => {
    if (newest !== undefined) {
      for (const { total } of windows) change(total, newest, 1);
      slots.push(newest);
    }
    newest = { index, ...emptyTotal() };
    return newest;
  };
  /** Something that ended a while ago. */
  const addLate = (sample: Sample, index: number, nowMs: number): void => {
    forget(nowMs);
    if (index < firstIndex(longest, nowMs)) return;
    const place = placeOf(slots, index);
    if (slots[place]?.index !== index) {
      slots.splice(place, 0, { index, ...emptyTotal() });
      for (const window of windows) if (index < firstIndex(window.lengthMs, nowMs)) window.from += 1;
    }
    addSample(slots[place] as Slot, sample);
    for (const window of windows) {
      if (index >= firstIndex(window.lengthMs, nowMs)) addSample(window.total, sample);
    }
  };

  return {
    add(sample, atMs, nowMs) {
      touchedAtMs = nowMs;
      // A clock that runs ahead of ours counts as now.
      const index = Math.floor(Math.min(atMs, nowMs) / slotMs);
      if (newest !== undefined && index < newest.index) addLate(sample, index, nowMs);
      else addSample(newest?.index === index ? newest : openSlot(index), sample);
    },
    totals(nowMs) {
      forget(nowMs);
      return windows.map(({ total, lengthMs }) => {
        const sum: Total = { ...total, latencies: new Map(total.latencies) };
        if (newest !== undefined && newest.index >= firstIndex(lengthMs, nowMs)) change(sum, newest, 1);
        return sum;
      });
    },
    get touchedAtMs() {
      return touchedAtMs;
    },
  };
}

/** Where a slot is, or belongs; nearly always the last. */
function placeOf(slots: readonly Slot[], index: number): number {
  let place = slots.length;
  while (place > 0 && (slots[place - 1] as Slot).index >= index) place -= 1;
  return place;
}

const zero = new Decimal('0');

function emptyTotal(): Total {
  return { hits: 0, calls: 0, cost: zero, latencies: new Map() };
}

function addSample(total: Total, { hits, calls, cost, latencyMs }: Sample): void {
  total.hits += hits;
  total.calls += calls;
  if (cost !== undefined) total.cost = total.cost.plus(cost);
  if (latencyMs !== undefined) addLatency(total.latencies, latencyMs);
}

function change(total: Total, by: Total, sign: 1 | -1): void {
  total.hits += sign * by.hits;
  total.calls += sign * by.calls;
  if (by.cost !== zero) total.cost = sign === 1 ? total.cost.plus(by.cost) : total.cost.minus(by.cost);
  for (const [bucket, count] of by.latencies) {
    const left = (total.latencies.get(bucket) ?? 0) + sign * count;
    if (left === 0) total.latencies.delete(bucket);
    else total.latencies.set(bucket, left);
  }
}
