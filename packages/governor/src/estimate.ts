import {
  addMoney,
  type CostLine,
  compareMoney,
  Decimal,
  type ModelAt,
  type Provider,
  type RequestFacts,
  sumMoney,
} from '@genops/core';
import type { Bound, BoundQuestion } from '@genops/pricing';
import type { IdentifiedCall } from './identify.ts';
import type { Line, Target } from './line.ts';
import { usageComesOf } from './meter.ts';

/** A place that could serve the call, and what the call could come to there. */
export interface Candidate {
  readonly target: Target;
  /** As it is asked for: the caller's name for it, or the route's. */
  readonly requestModel: string;
  /** The name by which it is priced, and on whose list. */
  readonly model: string;
  readonly priceProvider: string;
  /** What the price list is asked. */
  readonly question: BoundQuestion;
  /** The most that it can come to. */
  readonly bound: Bound;
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
    const question: BoundQuestion = {
      provider: priceProvider,
      model,
      at: call.at,
      facts,
      ...(facts.serviceTier !== undefined && { serviceTier: facts.serviceTier }),
      ...(facts.options !== undefined && { options: facts.options }),
    };
    const alternatives = alternativeModels.map((other) => pricedAt(target.provider, other));
    const bound = boundAs(line, identified, target, question, alternatives);
    return { target, requestModel, model, priceProvider, question, bound };
  };
  const [addressed, ...others] = targets;
  return [candidate(addressed), ...others.map(candidate)];
}

/** What a call will probably come to; of an order of many, and of what nothing bounds, the most is all that is known. */
export function probable({ pricing }: Line, { question, bound }: Candidate): Bound {
  return bound.result === 'bounded' && question.facts.requests === undefined
    ? pricing.estimate(question)
    : bound;
}

/** As the request's format tells: one call, an order of many, or something that nothing bounds. */
function boundAs(
  line: Line,
  identified: IdentifiedCall,
  { provider }: Target,
  question: BoundQuestion,
  alternatives: readonly ModelAt[],
): Bound {
  if (usageComesOf(identified) === 'never') {
    const message = `Nothing says beforehand what a call to ${question.model} can come to`;
    return { result: 'unpriced', reason: 'unmetered', message };
  }
  const { requests } = question.facts;
  return requests === undefined
    ? boundAny(line, question, alternatives)
    : boundOrder(line, question.at, provider, requests);
}

/** Bounds an order of many requests: the sum of what each can come to, of which each must be known. */
function boundOrder(line: Line, at: string, provider: Provider, requests: readonly RequestFacts[]): Bound {
  const bounds: Extract<Bound, { result: 'bounded' }>[] = [];
  for (const { alternativeModels = [], ...facts } of requests) {
    const { serviceTier, options } = facts;
    const question: BoundQuestion = {
      ...pricedAt(provider, facts.requestModel),
      at,
      facts,
      tierIsCertain: true,
      ...(serviceTier !== undefined && { serviceTier }),
      ...(options !== undefined && { options }),
    };
    const bound = boundAny(
      line,
      question,
      alternativeModels.map((other) => pricedAt(provider, other)),
    );
    if (bound.result === 'unpriced') return bound;
    if (bound.maxOutputTokens !== undefined) {
      const message = `A request to ${facts.requestModel} caps no answer, and an order is sent as it is`;
      return { result: 'unpriced', reason: 'unmetered', message };
    }
    bounds.push(bound);
  }
  const lines = mergedLines(bounds.flatMap(({ cost }) => cost.lines));
  const total = sumMoney(bounds.map(({ cost }) => cost.total));
  return {
    result: 'bounded',
    cost: { result: 'priced', basis: 'estimated', total, lines },
    inputTokens: bounds.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
    outputTokens: bounds.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
  };
}

/** One line for all that is charged alike. */
function mergedLines(lines: readonly CostLine[]): readonly CostLine[] {
  const merged = new Map<string, CostLine>();
  for (const line of lines) {
    const { quantity, subtotal, ...rate } = line;
    const key = JSON.stringify(rate);
    const before = merged.get(key);
    merged.set(
      key,
      before === undefined
        ? line
        : {
            ...rate,
            quantity: new Decimal(before.quantity).plus(new Decimal(quantity)).toFixed(),
            subtotal: addMoney(before.subtotal, subtotal),
          },
    );
  }
  return [...merged.values()];
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
