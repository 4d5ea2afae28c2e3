import type { ModelAt, RankedModel, RankQuestion } from '@genops/core';
import type { Pricing } from '@genops/pricing';
import { type PricedTarget, type Router, targetId } from '@genops/router';
import { needsOf } from '../needs.ts';

export interface RankerOptions {
  readonly router: Pick<Router, 'plan'>;
  readonly pricing: Pick<Pricing, 'estimate'>;
  /** On whose price list a model is. */
  readonly pricedAt: (place: ModelAt) => ModelAt;
  readonly now: () => Date;
  readonly newId: () => string;
}

/**
 * What the router would do with these candidates, told without doing it: its plan, by what this very request
 * will probably cost at each and by what was measured of each. What nothing may be sent to now comes last,
 * with the reason. An objective is a strategy of the router by one of its names.
 */
export function createRanker(options: RankerOptions): (question: RankQuestion) => readonly RankedModel[] {
  const { router, pricing, pricedAt, now, newId } = options;
  return ({ candidates, objective, facts }) => {
    const at = now().toISOString();
    const targets = candidates.map((place): PricedTarget => {
      const probable = pricing.estimate({
        ...pricedAt(place),
        at,
        facts: { ...facts, requestModel: place.model },
      });
      return {
        target: { id: targetId(place), ...place },
        ...(probable.result === 'bounded' && { cost: probable.cost.total }),
      };
    });
    const { decided } = router.plan(
      { id: newId(), targets, needs: needsOf(facts), stream: facts.stream },
      { strategy: objective },
    );
    return [
      ...decided.ranked.map(({ judged: { priced }, score, reason }) => ({
        provider: priced.target.provider,
        model: priced.target.model,
        score,
        reason,
        ...(priced.cost !== undefined && { estimatedCost: priced.cost }),
      })),
      ...decided.against.map(({ priced: { target }, against }) => ({
        provider: target.provider,
        model: target.model,
        score: 0,
        reason: against as string,
      })),
    ];
  };
}
