import {
  type CallGovernor,
  compareMoney,
  type ModelAt,
  type Money,
  money,
  subtractMoney,
  type Usage,
} from '@genops/core';

/** How good a choice was, told from what the call really used. */
export interface Efficiency {
  /** What the cheapest candidate would have cost, divided by what the chosen one did: 1 is the best. */
  readonly routeEfficiencyScore: number;
  /** What the dearest candidate would have cost more. */
  readonly optimizationSavings: Money;
}

/**
 * Prices the very usage of a finished call at every candidate. What has no price is left out.
 *
 * @param candidates - on the price lists that they are on
 * @param finished.cost - what the call came to
 */
export function efficiencyOf(
  pricing: CallGovernor['pricing'],
  candidates: readonly ModelAt[],
  { usage, cost, at }: { readonly usage: Usage; readonly cost: Money; readonly at: string },
): Efficiency {
  let cheapest = cost;
  let dearest = cost;
  for (const candidate of candidates) {
    const priced = pricing.price({ ...candidate, usage, at });
    if (priced.result === 'unpriced' || priced.total.currency !== cost.currency) continue;
    if (compareMoney(priced.total, cheapest) < 0) cheapest = priced.total;
    if (compareMoney(priced.total, dearest) > 0) dearest = priced.total;
  }
  const free = compareMoney(cost, money('0', cost.currency)) === 0;
  return {
    routeEfficiencyScore: free ? 1 : cheapest.amount.toNumber() / cost.amount.toNumber(),
    optimizationSavings: subtractMoney(dearest, cost),
  };
}
