import { compareMoney } from '@genops/core';
import { chargeProspect } from './charge-prospect.ts';
import { type CompiledVersion, normalTier } from './compiled-version.ts';
import { normalName } from './condition.ts';
import { findPrices, type Locate, nameOf, noRate, regionOf, unpriced } from './find-prices.ts';
import type { Bound, BoundQuestion } from './pricing.ts';
import { type Assumptions, dearestQuantities, mostPromptTokens, outputCap } from './prospect.ts';

/** The most that a call can come to at any of the models that may serve it. */
export function boundCall(locate: Locate, assumptions: Assumptions, question: BoundQuestion): Bound {
  const models = new Set([question.model, ...(question.facts.alternativeModels ?? [])]);
  let highest: Bound | undefined;
  for (const model of models) {
    const bound = boundModel(locate, assumptions, { ...question, model });
    if (bound.result === 'unpriced') return bound;
    if (highest === undefined || highest.result === 'unpriced' || isDearer(bound, highest)) highest = bound;
  }
  return highest as Bound;
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
  const serviceTiers = possibleTiers(prices, question.serviceTier ?? facts.serviceTier);
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
    region: regionOf(question, located),
    options: question.options ?? facts.options,
    promptTokens: inputTokens,
    at,
    volume: question.volume,
  });
  const cap = outputCap(facts, located.entry, assumptions);
  const answers = sheet.rates.output === undefined ? 0 : facts.choices;
  const outputTokens = cap.tokens * answers;
  const tokens = dearestQuantities(sheet, facts, prompt, outputTokens);
  const cost = chargeProspect(found, question, sheet, tokens);
  if (cost.result === 'unpriced') return cost;
  const capToSend = cap.assumed && answers > 0 && { maxOutputTokens: cap.tokens };
  return { result: 'bounded', cost, inputTokens, outputTokens, ...capToSend };
}

/**
 * Tiers that may serve: the one asked for or, when it is full, the standard one. `auto` leaves the choice to
 * the provider; a request that names none is taken to get the standard tier.
 */
function possibleTiers(prices: CompiledVersion, asked: string | undefined): readonly string[] | undefined {
  if (asked !== undefined && normalName(asked) === 'auto') {
    return [...prices.serviceTiers].filter((tier) => tier !== 'batch');
  }
  return withStandard(prices.serviceTiers, asked);
}

function possibleSpeeds(
  prices: CompiledVersion,
  { speed, facts }: BoundQuestion,
): readonly string[] | undefined {
  const asked = speed ?? facts.options?.['speed'];
  return withStandard(prices.speeds, typeof asked === 'string' ? asked : undefined);
}

const standardOnly = ['standard'];

function withStandard(known: ReadonlySet<string>, asked: string | undefined): readonly string[] | undefined {
  const name = normalTier(asked);
  if (name === 'standard') return standardOnly;
  return known.has(name) ? ['standard', name] : undefined;
}
