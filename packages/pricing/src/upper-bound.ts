import { compareMoney, type RequestFacts } from '@genops/core';
import { chargeProspect } from './charge-prospect.ts';
import { type CompiledVersion, normalTier } from './compiled-version.ts';
import { normalName } from './condition.ts';
import { findPrices, type Locate, nameOf, noRate, regionOf, unpriced } from './find-prices.ts';
import type { Bound, BoundQuestion } from './pricing.ts';
import { type Assumptions, dearestQuantities, mostPromptTokens, outputCap } from './prospect.ts';

/** The most that a call can come to at any of the models that may serve it. */
export function boundCall(locate: Locate, assumptions: Assumptions, question: BoundQuestion): Bound {
  const { alternativeModels } = question.facts;
  if (alternativeModels === undefined) return boundModel(locate, assumptions, question);
  const models = [...new Set([question.model, ...alternativeModels])];
  const boundAll = (facts: RequestFacts): readonly Bound[] =>
    models.map((model) => boundModel(locate, assumptions, { ...question, model, facts }));
  const bounds = boundAll(question.facts);
  const caps = bounds.flatMap((bound) => (bound.result === 'bounded' ? (bound.maxOutputTokens ?? []) : []));
  if (caps.length === 0) return dearestOf(bounds);
  // One cap is sent, whichever model serves.
  const maxOutputTokens = Math.min(...caps);
  const dearest = dearestOf(boundAll({ ...question.facts, maxOutputTokens }));
  return dearest.result === 'bounded' ? { ...dearest, maxOutputTokens } : dearest;
}

/** One model without a price leaves the call without a bound. */
function dearestOf(bounds: readonly Bound[]): Bound {
  return bounds.reduce((dearest, bound) => {
    if (dearest.result === 'unpriced' || bound.result === 'unpriced') {
      return dearest.result === 'unpriced' ? dearest : bound;
    }
    return isDearer(bound, dearest) ? bound : dearest;
  });
}

type Bounded = Extract<Bound, { result: 'bounded' }>;

function isDearer(left: Bounded, right: Bounded): boolean {
  return compareMoney(left.cost.total, right.cost.total) > 0;
}

function boundModel(locate: Locate, assumptions: Assumptions, question: BoundQuestion): Bound {
  const found = findPrices(locate, question);
  if (found.result === 'unpriced') return found;
  const { located, prices, at } = found;
  const { facts } = question;
  const serviceTiers = possibleTiers(
    prices,
    question.serviceTier ?? facts.serviceTier,
    question.tierIsCertain === true,
  );
  if (serviceTiers === undefined) return noRate(located, `service tier "${question.serviceTier}"`);
  const speeds = possibleSpeeds(prices, question);
  if (speeds === undefined) return noRate(located, `speed "${question.speed}"`);
  const prompt = mostPromptTokens(facts, located.entry, assumptions);
  if (prompt === undefined) {
    return unpriced(
      'unmetered',
      `Nothing says how many tokens the media of a call to ${nameOf(located)} can have`,
    );
  }
  const inputTokens = prompt.text + prompt.media;
  const sheet = prices.dearestSheet({
    serviceTiers,
    speeds,
    region: regionOf(withRequestedRegion(question), located),
    options: question.options ?? facts.options,
    promptTokens: inputTokens,
    at,
    volume: question.volume,
  });
  const cap = outputCap(facts, located.entry, assumptions);
  const answers = sheet.rates.output === undefined ? 0 : facts.choices;
  const outputTokens = cap.tokens * answers;
  const tokens = dearestQuantities(sheet, facts, prompt, outputTokens);
  const cost = chargeProspect(found, question, sheet, { tokens, searches: assumptions.searches });
  if (cost.result === 'unpriced') return cost;
  const capToSend = cap.assumed && answers > 0 && { maxOutputTokens: cap.tokens };
  return { result: 'bounded', cost, inputTokens, outputTokens, ...capToSend };
}

/**
 * Tiers that may serve: the one asked for or, when it is full, the standard one. `auto` leaves the choice to
 * the provider; a request that names none is taken to get the standard tier. A tier that is certain decides
 * alone, and costs as much as any other where a model has no price of its own for it.
 */
function possibleTiers(
  prices: CompiledVersion,
  asked: string | undefined,
  isCertain: boolean,
): readonly string[] | undefined {
  if (isCertain) {
    const tier = normalTier(asked);
    return prices.serviceTiers.has(tier) ? [tier] : standardOnly;
  }
  if (asked !== undefined && normalName(asked) === 'auto') {
    return [...prices.serviceTiers].filter((tier) => tier !== 'batch');
  }
  return withStandard(prices.serviceTiers, asked);
}

function possibleSpeeds(
  prices: CompiledVersion,
  { speed, facts }: BoundQuestion,
): readonly string[] | undefined {
  const asked = speed ?? facts.options?.['speed'] ?? facts.options?.['latency'];
  return withStandard(prices.speeds, typeof asked === 'string' ? asked : undefined);
}

/** Anthropic's requests may name where they are to be served. */
function withRequestedRegion(question: BoundQuestion): BoundQuestion {
  const asked = question.facts.options?.['inferenceGeo'];
  return question.region === undefined && typeof asked === 'string'
    ? { ...question, region: asked }
    : question;
}

const standardOnly = ['standard'];

function withStandard(known: ReadonlySet<string>, asked: string | undefined): readonly string[] | undefined {
  const name = normalTier(asked);
  if (name === 'standard') return standardOnly;
  return known.has(name) ? ['standard', name] : undefined;
}
