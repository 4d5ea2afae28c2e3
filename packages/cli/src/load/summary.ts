import { type Cost, type Money, sumMoney } from '@genops/core';
import type { LoadResult } from './run.ts';
import type { Measured } from './send.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadSummary {
  readonly requests: number;
  readonly completed: number;
  readonly notBegun: number;
  readonly seconds: number;
  /** Completed requests, by the clock of the whole run. */
  readonly requestsPerSecond: number;
  /** Of completed requests; absent when there was none. */
  readonly latencyMs?: Percentiles;
  /** Of completed streams. */
  readonly firstTokenMs?: Percentiles;
  /** Everything that was not completed, by its reason, the most frequent first. */
  readonly failures: Readonly<Record<string, number>>;
  /** What completed requests cost; absent when nothing of it is known. */
  readonly cost?: Money;
  /** Completed requests whose cost is not known; not part of `cost`. */
  readonly unpriced: number;
}

/** @param priceOf - what an answer cost that did not say so itself */
export function summarise(
  { measured, seconds, notBegun }: LoadResult,
  priceOf: (answer: Measured) => Cost | undefined,
): LoadSummary {
  const completed = measured.filter(({ outcome }) => outcome === 'completed');
  const costs = completed.flatMap((answer) => {
    if (answer.cost !== undefined) return [answer.cost];
    const cost = priceOf(answer);
    return cost?.result === 'priced' ? [cost.total] : [];
  });
  const latency = percentiles(completed.map(({ durationMs }) => durationMs));
  const first = percentiles(completed.flatMap(({ firstTokenMs }) => firstTokenMs ?? []));
  return {
    requests: measured.length,
    completed: completed.length,
    notBegun,
    seconds,
    requestsPerSecond: seconds === 0 ? 0 : completed.length / seconds,
    ...(latency !== undefined && { latencyMs: latency }),
    ...(first !== undefined && { firstTokenMs: first }),
    failures: counted(measured.map(({ outcome }) => outcome).filter((outcome) => outcome !== 'completed')),
    ...(costs.length > 0 && { cost: sumMoney(costs, costs[0]?.currency) }),
    unpriced: completed.length - costs.length,
  };
}

/** By the nearest rank. */
export function percentiles(values: readonly number[]): Percentiles | undefined {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] as number;
  return sorted.length === 0 ? undefined : { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

function counted(words: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, left], [, right]) => right - left));
}
