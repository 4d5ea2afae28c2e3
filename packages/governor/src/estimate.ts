import { compareMoney } from '@genops/core';
import type { Bound, BoundQuestion } from '@genops/pricing';
import type { IdentifiedCall } from './identify.ts';
import type { Line, Target } from './line.ts';

/** A place that could serve the call, and what the call could come to there. */
export interface Candidate {
  readonly target: Target;
  /** As the caller named it. */
  readonly requestModel: string;
  /** The name by which it is priced there. */
  readonly model: string;
  /** The most that it can come to. */
  readonly bound: Bound;
}

/** Bounds the call at every place that could serve it, before anything is sent or held. */
export function estimate(line: Line, identified: IdentifiedCall): readonly [Candidate, ...Candidate[]] {
  const { call, opened, targets } = identified;
  const { facts } = opened;
  const candidate = (target: Target): Candidate => {
    const priceAs = (model: string): string => target.provider.priceAs?.(model) ?? model;
    const model = priceAs(call.requestModel);
    const question = {
      provider: target.provider.id,
      model,
      at: call.at,
      facts,
      ...(facts.serviceTier !== undefined && { serviceTier: facts.serviceTier }),
      ...(facts.options !== undefined && { options: facts.options }),
    };
    const bound = boundAny(line, question, facts.alternativeModels?.map(priceAs) ?? []);
    return { target, requestModel: call.requestModel, model, bound };
  };
  const [addressed, ...others] = targets;
  return [candidate(addressed), ...others.map(candidate)];
}

/**
 * Bounds a call that any of several models may serve: the dearest decides, and one without a price leaves
 * the call without a bound. All of them get the one cap that every bound relies on.
 */
function boundAny(line: Line, question: BoundQuestion, alternatives: readonly string[]): Bound {
  const bound = line.pricing.upperBound(question);
  if (alternatives.length === 0 || bound.result !== 'bounded') return bound;
  const models = [question.model, ...alternatives];
  const first = models.map((model) => line.pricing.upperBound({ ...question, model }));
  const caps = first.flatMap((each) =>
    each.result === 'bounded' && each.maxOutputTokens !== undefined ? [each.maxOutputTokens] : [],
  );
  const cap = caps.length === 0 ? undefined : Math.min(...caps);
  const facts = cap === undefined ? question.facts : { ...question.facts, maxOutputTokens: cap };
  let dearest: Bound | undefined;
  for (const model of models) {
    const each = line.pricing.upperBound({ ...question, model, facts });
    if (each.result !== 'bounded') return each;
    if (dearest?.result !== 'bounded' || compareMoney(each.cost.total, dearest.cost.total) > 0)
      dearest = each;
  }
  return dearest?.result === 'bounded' && cap !== undefined
    ? { ...dearest, maxOutputTokens: cap }
    : (dearest ?? bound);
}
