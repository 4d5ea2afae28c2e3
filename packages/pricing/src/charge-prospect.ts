import type { Cost, MeterQuantities } from '@genops/core';
import { charge } from './charge.ts';
import { type FoundPrices, nameOf, noRate, referenceAt, unpriced } from './find-prices.ts';
import type { BoundQuestion } from './pricing.ts';
import { otherQuantities } from './prospect.ts';
import type { Sheet } from './sheet.ts';

/** Charges what a call may use: tokens as given, and what else its request asks for. */
export function chargeProspect(
  { located, prices, reference, at }: FoundPrices,
  { facts, at: atText }: BoundQuestion,
  sheet: Sheet,
  { tokens, searches }: { readonly tokens: MeterQuantities; readonly searches: number },
): Cost {
  const others = otherQuantities(sheet, facts, searches);
  if (typeof others === 'string') {
    return unpriced(
      'unmetered',
      `Nothing says how many units of ${others} a call to ${nameOf(located)} can use`,
    );
  }
  const charged = charge(sheet, { ...tokens, ...located.assumed, ...others }, prices.currency);
  if (charged.result === 'no_rate') return noRate(located, charged.meter);
  return {
    result: 'priced',
    total: charged.total,
    lines: charged.lines,
    basis: 'estimated',
    ...(reference && { price: referenceAt(reference, at, atText) }),
    ...(located.warnings.length > 0 && { warnings: located.warnings }),
  };
}
