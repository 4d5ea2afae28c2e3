import { compareMoney, type Decimal, type Money, subtractMoney } from '@genops/core';

/**
 * The cost of the cheapest route that was fit to serve, divided by the cost of the chosen one: above 0, and
 * 1 when nothing cheaper would have done. Below 0.7 means that more than 1.43 times the necessary was paid.
 *
 * @returns undefined where the chosen route has no price, or no other has
 */
export function routeEfficiency(
  chosen: Money | undefined,
  eligible: readonly (Money | undefined)[],
): number | undefined {
  if (chosen === undefined) return undefined;
  let cheapest = chosen;
  for (const cost of eligible) {
    if (cost !== undefined && compareMoney(cost, cheapest) < 0) cheapest = cost;
  }
  return ratio(cheapest.amount, chosen.amount);
}

/** What was saved against a stated baseline: what the caller's default would have cost, minus what it did. */
export function optimizationSavings(baseline: Money, actual: Money): Money {
  return subtractMoney(baseline, actual);
}

/** Shown, compared, never charged: so it may be a number. */
function ratio(part: Decimal, whole: Decimal): number {
  const divisor = Number(whole.toFixed());
  return divisor === 0 ? 1 : Number(part.toFixed()) / divisor;
}
