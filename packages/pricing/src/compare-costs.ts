import {
  addMoney,
  type Cost,
  compareMoney,
  type Money,
  money,
  subtractMoney,
  type Usage,
} from '@genops/core';
import type { PriceQuestion, Pricing } from './pricing.ts';

/** A place to have work done. */
export type Candidate = Pick<PriceQuestion, 'provider' | 'model'> &
  Partial<Pick<PriceQuestion, 'serviceTier' | 'speed' | 'region' | 'options'>>;

export interface CostComparison {
  readonly candidate: Candidate;
  readonly cost: Cost;
  /** How much more than the cheapest; absent when it cannot be compared. */
  readonly aboveCheapest?: Money;
}

/**
 * Prices the same work at several places.
 *
 * @returns the cheapest first; places without a price, or with one in another currency, last
 */
export function compareCosts(
  pricing: Pricing,
  work: { readonly usage: Usage; readonly at: string; readonly candidates: readonly Candidate[] },
): readonly CostComparison[] {
  const { usage, at, candidates } = work;
  const priced = candidates.map((candidate) => ({
    candidate,
    cost: pricing.price({ ...candidate, usage, at }),
  }));
  const currency = priced.map(({ cost }) => totalOf(cost)?.currency).find((found) => found !== undefined);
  const comparable = priced.filter(
    ({ cost }) => totalOf(cost)?.currency === currency && totalOf(cost) !== undefined,
  );
  const sorted = comparable.sort((left, right) =>
    compareMoney(totalOf(left.cost) as Money, totalOf(right.cost) as Money),
  );
  const cheapest = sorted[0] && totalOf(sorted[0].cost);
  const rest = priced.filter((each) => !comparable.includes(each));
  return [
    ...sorted.map((each) => ({
      ...each,
      aboveCheapest: subtractMoney(totalOf(each.cost) as Money, cheapest as Money),
    })),
    ...rest,
  ];
}

export interface MigrationEstimate {
  readonly candidate: Candidate;
  /** What all the work would have cost there; absent when some of it has no price there. */
  readonly total?: Money;
  /** What it cost, minus that: negative when the move costs more. */
  readonly saving?: Money;
  /** Calls of the sample that have no price there. */
  readonly unpriced: number;
}

/**
 * What work that was really done would have cost elsewhere, call by call, with the tokens it really had.
 * Tokens are taken over as they are: another model may need more or fewer for the same text.
 *
 * @param work.calls - usage and cost of each call; the more, the better the estimate
 */
export function estimateMigration(
  pricing: Pricing,
  work: {
    readonly calls: readonly { readonly usage: Usage; readonly cost: Money; readonly at: string }[];
    readonly candidates: readonly Candidate[];
    /** Prices of this instant; absent means those of the time of each call. */
    readonly at?: string;
    /** @default 'USD' */
    readonly currency?: string;
  },
): { readonly current: Money; readonly estimates: readonly MigrationEstimate[] } {
  const { calls, candidates, at, currency = 'USD' } = work;
  const nothing = money('0', currency);
  const current = calls.reduce((sum, call) => addMoney(sum, call.cost), nothing);
  const estimates = candidates.map((candidate) => {
    let total = nothing;
    let unpriced = 0;
    for (const call of calls) {
      const cost = totalOf(pricing.price({ ...candidate, usage: call.usage, at: at ?? call.at }));
      if (cost === undefined || cost.currency !== currency) unpriced++;
      else total = addMoney(total, cost);
    }
    if (unpriced > 0) return { candidate, unpriced };
    return { candidate, total, saving: subtractMoney(current, total), unpriced };
  });
  return { current, estimates };
}

function totalOf(cost: Cost): Money | undefined {
  return cost.result === 'priced' ? cost.total : undefined;
}
