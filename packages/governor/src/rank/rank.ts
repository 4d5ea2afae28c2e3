import type { ModelAt, RankedModel, RankObjective, RankQuestion } from '@genops/core';
import type { Pricing } from '@genops/pricing';
import { type PricedTarget, type Router, type StrategyName, targetId } from '@genops/router';

export interface RankerOptions {
  readonly router: Pick<Router, 'plan'>;
  readonly pricing: Pick<Pricing, 'estimate'>;
  /** On whose price list a model is. */
  readonly pricedAt: (place: ModelAt) => ModelAt;
  readonly now: () => Date;
  readonly newId: () => string;
}

const strategyOf: Readonly<Record<RankObjective, StrategyName>> = {
  cost: 'cost',
  latency: 'latency',
  reliability: 'reliability',
  balanced: 'balanced',
  order: 'failover',
  round_robin: 'fairness',
};

/** English text has about four bytes to a token. */
const bytesPerToken = 4;

/**
 * Orders candidates as the router would: by what this very request will probably cost at each, and by what
 * was measured of each. What nothing may be sent to now comes last, with the reason.
 */
export function createRanker(options: RankerOptions): (question: RankQuestion) => readonly RankedModel[] {
  const { router, pricing, pricedAt, now, newId } = options;
  return ({ candidates, objective, facts }) => {
    const at = now().toISOString();
    const placed = new Map<string, ModelAt>();
    const targets = candidates.map((place): PricedTarget => {
      const id = targetId(place);
      placed.set(id, place);
      const bound = pricing.estimate({
        ...pricedAt(place),
        at,
        facts: { ...facts, requestModel: place.model },
      });
      return { target: { id, ...place }, ...(bound.result === 'bounded' && { cost: bound.cost.total }) };
    });
    const needs = {
      inputTokens: Math.ceil(facts.inputBytes / bytesPerToken),
      outputTokens: facts.maxOutputTokens ?? 0,
    };
    const { routes, rejected } = router.plan(
      { id: newId(), targets, needs, stream: facts.stream },
      { strategy: strategyOf[objective] },
    );
    return [
      ...routes.map(({ target: { provider, model }, score, reason, cost }) => ({
        provider,
        model,
        score,
        reason,
        ...(cost !== undefined && { estimatedCost: cost }),
      })),
      ...rejected.map(({ targetId: id, reason }) => ({ ...(placed.get(id) as ModelAt), score: 0, reason })),
    ];
  };
}
