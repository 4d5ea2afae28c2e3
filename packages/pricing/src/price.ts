import {
  addMoney,
  type Cost,
  type CostBasis,
  type CostLine,
  type Meter,
  type MeterQuantities,
  splitUsage,
  subtractMoney,
  type Usage,
} from '@genops/core';
import { charge } from './charge.ts';
import { normalTier } from './compiled-version.ts';
import { findPrices, type Locate, noRate, referenceAt, regionOf } from './find-prices.ts';
import type { LocatedModel } from './locate.ts';
import { usuallyInside } from './meter-facts.ts';
import type { PricedModel, PriceQuestion } from './pricing.ts';

type PricedCost = Extract<Cost, { result: 'priced' }>;

/** Prices a call: what the provider reported wins, and what the catalogue says stands beside it. */
export function priceCall(locate: Locate, question: PriceQuestion): Cost {
  const computed = computeCost(locate, question);
  const { reportedCost } = question;
  if (reportedCost === undefined) return computed;
  if (computed.result === 'unpriced' || computed.total.currency !== reportedCost.currency) {
    return { result: 'priced', total: reportedCost, lines: [], basis: 'reported' };
  }
  const { total, lines, price, warnings } = computed;
  return {
    result: 'priced',
    total: reportedCost,
    lines,
    basis: 'reported',
    ...(price && { price }),
    computed: { total, difference: subtractMoney(reportedCost, total) },
    ...(warnings && { warnings }),
  };
}

/** The call's own usage, and every part that its totals leave out at the price of the model that did it. */
function computeCost(locate: Locate, question: PriceQuestion): Cost {
  const { parts = [], estimated } = question;
  const basis = estimated ? 'estimated' : 'computed';
  const own = computeUsage(locate, question, question.usage, basis);
  return parts.reduce<Cost>((cost, { responseModel, usage }) => {
    if (cost.result === 'unpriced') return cost;
    const model = responseModel ?? question.model;
    return addCost(cost, computeUsage(locate, { ...question, model }, { requests: 0, ...usage }, basis));
  }, own);
}

function addCost(left: PricedCost, right: Cost): Cost {
  if (right.result === 'unpriced') return right;
  const warnings = [...(left.warnings ?? []), ...(right.warnings ?? [])];
  return {
    ...left,
    total: addMoney(left.total, right.total),
    lines: [...left.lines, ...right.lines],
    ...(warnings.length > 0 && { warnings }),
  };
}

function computeUsage(locate: Locate, question: PricedModel, usage: Usage, basis: CostBasis): Cost {
  const quantities = splitUsage(usage);
  const found = findPrices(locate, question);
  if (found.result === 'unpriced') return found;
  const { located, prices, reference, at } = found;

  const serviceTier = normalTier(question.serviceTier);
  if (!prices.serviceTiers.has(serviceTier)) return noRate(located, `service tier "${serviceTier}"`);
  const speed = normalTier(question.speed);
  if (!prices.speeds.has(speed)) return noRate(located, `speed "${speed}"`);

  const sheet = prices.sheetFor({
    serviceTier,
    speed,
    region: regionOf(question, located),
    options: question.options,
    promptTokens: usage.inputTokens ?? 0,
    at,
    volume: question.volume,
  });
  const asked = withAssumed(quantities, usage, located, sheet.rates.request !== undefined);
  const charged = charge(sheet, asked, prices.currency);
  if (charged.result === 'no_rate') return noRate(located, charged.meter);

  const cost: { -readonly [Key in keyof PricedCost]: PricedCost[Key] } = {
    result: 'priced',
    total: charged.total,
    lines: charged.lines,
    basis,
  };
  if (reference !== undefined) cost.price = referenceAt(reference, at, question.at);
  const warnings = warningsOf(located, charged.lines);
  if (warnings.length > 0) cost.warnings = warnings;
  return cost;
}

/** What somebody who checks the cost should know: names that were read loosely, prices that stood in. */
function warningsOf(located: LocatedModel, lines: readonly CostLine[]): readonly string[] {
  const standIns = lines.filter(
    ({ pricedAs, meter }) => pricedAs !== undefined && !usuallyInside.has(meter as Meter),
  );
  if (standIns.length === 0) return located.warnings;
  return [
    ...located.warnings,
    ...standIns.map(({ meter, pricedAs }) => `No price for ${meter}: priced as ${pricedAs}`),
  ];
}

/** What a call uses without any counter saying so: itself, and what its model's name asked for. */
function withAssumed(
  quantities: MeterQuantities,
  usage: Usage,
  { assumed }: LocatedModel,
  chargesRequests: boolean,
): MeterQuantities {
  const countRequest = chargesRequests && usage.requests === undefined;
  if (!countRequest && assumed === undefined) return quantities;
  return { ...quantities, ...(countRequest && { request: 1 }), ...assumed };
}
