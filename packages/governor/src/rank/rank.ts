import {
  formatMoney,
  type ModelAt,
  type Money,
  type RankedModel,
  type RankQuestion,
  roundMoney,
} from '@genops/core';
import type { Pricing } from '@genops/pricing';
import type { ModelHealth } from './health.ts';

export interface RankerOptions {
  readonly pricing: Pick<Pricing, 'estimate'>;
  readonly health: ModelHealth;
  /** On whose price list a model is. */
  readonly pricedAt: (place: ModelAt) => ModelAt;
  readonly now: () => Date;
}

type Measured = Omit<RankedModel, 'score' | 'reason'>;

/** Weights of cost, latency and success where all three count. */
const balance = { cost: 0.4, latency: 0.3, success: 0.3 } as const;

/**
 * Orders candidates by what this very request will probably cost at each, and by how each did so far. Of
 * equals the one that was named first comes first, so the same question has the same answer.
 */
export function createRanker(options: RankerOptions): (question: RankQuestion) => readonly RankedModel[] {
  let turns = 0;
  return ({ candidates, objective, facts }) => {
    const at = options.now().toISOString();
    const measured = candidates.map(({ provider, model }): Measured => {
      const requestFacts = { ...facts, requestModel: model };
      const listed = options.pricedAt({ provider, model });
      const bound = options.pricing.estimate({ ...listed, at, facts: requestFacts });
      return {
        provider,
        model,
        ...options.health.of({ provider, model }),
        ...(bound.result === 'bounded' && { estimatedCost: bound.cost.total }),
      };
    });
    const turn = objective === 'round_robin' ? turns++ : 0;
    const scored = measured.map((candidate, index) => ({
      ...candidate,
      score: scoreOf(objective, candidate, measured, (index - turn) % measured.length),
      reason: reasonOf(candidate),
    }));
    return scored.sort((left, right) => right.score - left.score);
  };
}

function scoreOf(
  objective: RankQuestion['objective'],
  candidate: Measured,
  all: readonly Measured[],
  place: number,
): number {
  switch (objective) {
    case 'cost':
      return costScore(candidate.estimatedCost, all);
    case 'latency':
      return latencyScore(candidate, all);
    case 'reliability':
      return candidate.successRate;
    case 'balanced':
      return (
        balance.cost * costScore(candidate.estimatedCost, all) +
        balance.latency * latencyScore(candidate, all) +
        balance.success * candidate.successRate
      );
    case 'order':
    case 'round_robin':
      return 1 - ((place + all.length) % all.length) / all.length;
  }
}

/** The cheapest gets 1, one that costs twice as much 0.5; what has no price gets nothing. */
function costScore(cost: Money | undefined, all: readonly Measured[]): number {
  if (cost === undefined) return 0;
  const amounts = all.flatMap(({ estimatedCost }) =>
    estimatedCost?.currency === cost.currency ? [estimatedCost.amount.toNumber()] : [],
  );
  const amount = cost.amount.toNumber();
  return amount === 0 ? 1 : Math.min(...amounts) / amount;
}

function latencyScore({ latencyMs }: Measured, all: readonly Measured[]): number {
  return latencyMs <= 0 ? 1 : Math.max(0, Math.min(...all.map((other) => other.latencyMs))) / latencyMs;
}

function reasonOf({ estimatedCost, latencyMs, successRate }: Measured): string {
  const cost =
    estimatedCost === undefined ? 'no price known' : `about ${formatMoney(roundMoney(estimatedCost, 9))}`;
  return `${cost}, ${Math.round(latencyMs)} ms, ${(successRate * 100).toFixed(1)} % answered`;
}
