import { compareMoney, type ModelAt, type Provider } from '@genops/core';
import type { Bound, BoundQuestion } from '@genops/pricing';
import type { IdentifiedCall } from './identify.ts';
import type { Line, Target } from './line.ts';

/** A place that could serve the call, and what the call could come to there. */
export interface Candidate {
  readonly target: Target;
  /** As it is asked for: the caller's name for it, or the route's. */
  readonly requestModel: string;
  /** The name by which it is priced, and on whose list. */
  readonly model: string;
  readonly priceProvider: string;
  /** The most that it can come to. */
  readonly bound: Bound;
  /** What its price was asked for with. */
  readonly question: BoundQuestion;
  /** The request as the provider reads it, where that is another format. */
  readonly translated?: Uint8Array;
}

/** Bounds the call at every place that could serve it, before anything is sent or held. */
export function estimate(line: Line, identified: IdentifiedCall): readonly [Candidate, ...Candidate[]] {
  const { call, opened, targets } = identified;
  // Alternatives are bounded here, each on the list that it is on.
  const { alternativeModels = [], ...facts } = opened.facts;
  const candidate = (target: Target): Candidate => {
    const requestModel = target.model ?? call.requestModel;
    const { provider: priceProvider, model } = pricedAt(target.provider, requestModel);
    const question = {
      provider: priceProvider,
      model,
      at: call.at,
      facts,
      ...(facts.serviceTier !== undefined && { serviceTier: facts.serviceTier }),
      ...(facts.options !== undefined && { options: facts.options }),
    };
    const alternatives = alternativeModels.map((other) => pricedAt(target.provider, other));
    const bound = boundAny(line, question, alternatives);
    return { target, requestModel, model, priceProvider, bound, question };
  };
  const [addressed, ...others] = targets;
  return [candidate(addressed), ...others.map(candidate)];
}

/**
 * Bounds a call that any of several models may serve: the dearest decides, and one without a price leaves
 * the call without a bound. All of them get the one cap that every bound relies on.
 */
function boundAny(line: Line, question: BoundQuestion, alternatives: readonly ModelAt[]): Bound {
  const bound = line.pricing.upperBound(question);
  if (alternatives.length === 0 || bound.result !== 'bounded') return bound;
  const { provider, model } = question;
  const places = [{ provider, model }, ...alternatives];
  const first = places.map((place) => line.pricing.upperBound({ ...question, ...place }));
  const caps = first.flatMap((each) =>
    each.result === 'bounded' && each.maxOutputTokens !== undefined ? [each.maxOutputTokens] : [],
  );
  const cap = caps.length === 0 ? undefined : Math.min(...caps);
  const facts = cap === undefined ? question.facts : { ...question.facts, maxOutputTokens: cap };
  let dearest: Bound | undefined;
  for (const place of places) {
    const each = line.pricing.upperBound({ ...question, ...place, facts });
    if (each.result !== 'bounded') return each;
    if (dearest?.result !== 'bounded' || compareMoney(each.cost.total, dearest.cost.total) > 0)
      dearest = each;
  }
  return dearest?.result === 'bounded' && cap !== undefined
    ? { ...dearest, maxOutputTokens: cap }
    : (dearest ?? bound);
}

/** On whose price list a model is, and under which name, when `hostProvider` serves it. */
export function pricedAt(provider: Provider, model: string, hostProvider?: string): ModelAt {
  const named = provider.priceAs?.(model, hostProvider) ?? model;
  return typeof named === 'string' ? { provider: provider.id, model: named } : named;
}
