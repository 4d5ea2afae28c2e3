import type { Meter } from '@genops/core';
import { chargeProspect } from './charge-prospect.ts';
import { normalTier } from './compiled-version.ts';
import { findPrices, type Locate, noRate, regionOf } from './find-prices.ts';
import type { Bound, EstimateQuestion } from './pricing.ts';
import { type Assumptions, outputCap } from './prospect.ts';

/** What a call will probably come to, at the model and the tier that were asked for. */
export function estimateCall(locate: Locate, assumptions: Assumptions, question: EstimateQuestion): Bound {
  const found = findPrices(locate, question);
  if (found.result === 'unpriced') return found;
  const { located, prices, at } = found;
  const { facts } = question;
  const serviceTier = normalTier(question.serviceTier ?? facts.serviceTier);
  if (!prices.serviceTiers.has(serviceTier)) return noRate(located, `service tier "${serviceTier}"`);
  const speed = normalTier(question.speed);
  if (!prices.speeds.has(speed)) return noRate(located, `speed "${speed}"`);

  const text = question.promptTokens ?? Math.ceil(facts.inputBytes / assumptions.bytesPerToken);
  const { image = 0, ...otherMedia } = facts.media ?? {};
  const parts = Object.values(otherMedia).reduce((sum, count) => sum + count, 0);
  const inputTokens =
    text +
    image * (located.entry.maxImageTokens ?? assumptions.mediaTokens) +
    parts * assumptions.mediaTokens;
  const sheet = prices.sheetFor({
    serviceTier,
    speed,
    region: regionOf(question, located),
    options: question.options ?? facts.options,
    promptTokens: inputTokens,
    at,
    volume: question.volume,
  });
  const cap = outputCap(facts, located.entry, assumptions);
  const answers = sheet.rates.output === undefined ? 0 : facts.choices;
  const outputTokens =
    Math.min(cap.tokens, question.outputTokens ?? assumptions.expectedOutputTokens) * answers;
  const tokens: { [M in Meter]?: number } = {};
  if (sheet.rates.input !== undefined && inputTokens > 0) tokens.input = inputTokens;
  if (outputTokens > 0) tokens.output = outputTokens;
  const cost = chargeProspect(found, question, sheet, { tokens, searches: 1 });
  if (cost.result === 'unpriced') return cost;
  return { result: 'bounded', cost, inputTokens, outputTokens };
}
