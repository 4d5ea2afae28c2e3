import type { Measured } from '../constraints.ts';
import type { KeyPreference } from '../keys/draw-key.ts';
import type { RouteTarget } from '../target.ts';

/** A place that may serve the call, with everything that a strategy can go by. */
export interface RouteCandidate {
  readonly target: RouteTarget;
  /** In the currency of the request, as a number: it is compared, never charged. Undefined where unknown. */
  readonly cost: number | undefined;
  readonly measured: Measured;
  /** 0 to 1. */
  readonly quality: number;
  /** Where that is from: `configured`, a benchmark with its date, or `not known, taken as 0.5`. */
  readonly qualityFrom: string;
  /** The share that is left of the key's quotas, 0 to 1. */
  readonly headroom: number;
  /** Place in the configured order, from 0. */
  readonly position: number;
}

/** What all candidates of a request are measured against. */
export interface Field {
  readonly candidates: readonly RouteCandidate[];
  readonly stream: boolean;
  /** Of those with a price. */
  readonly cheapest: number | undefined;
  readonly fastestMs: number;
  readonly best: number;
  readonly uses: number;
}

/** Says how well each candidate does by one measure, 0 to 1, and why. */
export interface Strategy {
  readonly name: string;
  /** Of several objectives: how much each counts. With them the strategy can be made again. */
  readonly weights?: Readonly<Record<string, number>>;
  /** By what keys are told apart within a target. */
  readonly keys: KeyPreference;
  score(candidate: RouteCandidate, field: Field): number;
  /** A few words with the numbers in them. */
  reason(candidate: RouteCandidate, field: Field): string;
}

export function fieldOf(candidates: readonly RouteCandidate[], stream: boolean): Field {
  let cheapest: number | undefined;
  let fastestMs = Number.POSITIVE_INFINITY;
  let best = 0;
  let uses = 0;
  for (const candidate of candidates) {
    if (candidate.cost !== undefined)
      cheapest = Math.min(cheapest ?? Number.POSITIVE_INFINITY, candidate.cost);
    fastestMs = Math.min(fastestMs, waitMs(candidate, stream));
    best = Math.max(best, candidate.quality);
    uses += candidate.measured.uses;
  }
  return { candidates, stream, cheapest, fastestMs, best, uses };
}

/** What a caller waits for: the first token of a stream, the end of anything else. */
export function waitMs({ measured }: RouteCandidate, stream: boolean): number {
  return stream ? measured.timeToFirstTokenMs : measured.latencyMs;
}
