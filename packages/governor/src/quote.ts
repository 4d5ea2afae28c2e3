import { compareMoney, type Decision, type Money, type Refusal } from '@genops/core';
import type { Bound } from '@genops/pricing';
import { decide } from './decide.ts';
import { type Candidate, estimate, probable } from './estimate.ts';
import { attribute, identify } from './identify.ts';
import type { GovernedRequest, Line } from './line.ts';

/** What a request would come to if it were sent now, and what the rules say of it. Nothing is sent or held. */
export interface Quote {
  readonly requestModel: string;
  /** Of the rules alone: whether it fits its limits is known when it is held. */
  readonly decision: Decision;
  /** Set when a rule, or a missing price, refuses it. */
  readonly refusal?: Refusal;
  /** Where it may go, the place that was addressed first. */
  readonly places: readonly QuotedPlace[];
  /** What would be held: the most that it can come to, at the dearest place. Absent when that is not known. */
  readonly most?: Money;
}

export interface QuotedPlace {
  readonly provider: string;
  /** As it is asked for there. */
  readonly model: string;
  /** The most that it can come to. */
  readonly most: Bound;
  /** What it will probably come to. */
  readonly expected: Bound;
}

/**
 * Takes a request as far as the line goes without anybody noticing: identified, attributed, estimated, decided.
 *
 * @throws {InvalidRequestError} when nobody could serve it
 */
export function quote(line: Line, request: GovernedRequest): Quote {
  const identified = attribute(line, identify(line, request));
  const { decision, refusal, candidates } = decide(line, identified, estimate(line, identified));
  const most = dearest(candidates);
  return {
    requestModel: identified.call.requestModel,
    decision,
    ...(refusal !== undefined && { refusal }),
    places: candidates.map((candidate) => ({
      provider: candidate.target.provider.id,
      model: candidate.requestModel,
      most: candidate.bound,
      expected: probable(line, candidate),
    })),
    ...(most !== undefined && { most }),
  };
}

function dearest(candidates: readonly Candidate[]): Money | undefined {
  let most: Money | undefined;
  for (const { bound } of candidates) {
    if (bound.result !== 'bounded') return undefined;
    if (most === undefined || compareMoney(bound.cost.total, most) > 0) most = bound.cost.total;
  }
  return most;
}
