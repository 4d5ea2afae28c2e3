import type { Bound } from '@genops/pricing';
import type { IdentifiedCall } from './identify.ts';
import type { Line, Target } from './line.ts';

/** A place that could serve the call, and what the call could come to there. */
export interface Candidate {
  readonly target: Target;
  /** The most that it can come to. */
  readonly bound: Bound;
}

/** Bounds the call at every place that could serve it, before anything is sent or held. */
export function estimate(line: Line, identified: IdentifiedCall): readonly [Candidate, ...Candidate[]] {
  const { call, opened, targets } = identified;
  const candidate = (target: Target): Candidate => ({
    target,
    bound: line.pricing.upperBound({
      provider: target.provider.id,
      model: call.requestModel,
      at: call.at,
      facts: opened.facts,
      ...(opened.facts.serviceTier !== undefined && { serviceTier: opened.facts.serviceTier }),
      ...(opened.facts.options !== undefined && { options: opened.facts.options }),
    }),
  });
  const [addressed, ...others] = targets;
  return [candidate(addressed), ...others.map(candidate)];
}
