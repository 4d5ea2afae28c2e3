import { moneyToJson, type Routing } from '@genops/core';
import type { RestingKey } from './keys/cell.ts';
import type { RoutePlan } from './plan.ts';

/** The most keys written out one by one; beyond that the record says how many more there were. */
const writtenKeys = 100;

/** A plan as it is kept with the decision: every candidate, its score or the reason against it. */
export function recordOf(plan: RoutePlan): Routing {
  const resting = new Map<string, RestingKey>();
  const otherKeys: Record<string, number> = {};
  const taken = new Set(plan.routes.flatMap(({ target, keyId }) => (keyId === undefined ? [] : [target.id])));
  for (const { targetId, live, resting: lists } of plan.keys) {
    const others = live - (taken.has(targetId) ? 1 : 0);
    if (others > 0) otherKeys[targetId] = others;
    for (const list of lists)
      for (const key of list) if (resting.size < writtenKeys) resting.set(key.keyId, key);
  }
  return {
    strategy: plan.strategy.name,
    candidates: [
      ...plan.routes.map(({ target, keyId, score, reason, cost }, index) => ({
        targetId: target.id,
        ...(keyId !== undefined && { keyId }),
        rank: index + 1,
        score,
        reason,
        ...(cost !== undefined && { cost: moneyToJson(cost) }),
      })),
      ...plan.rejected,
    ],
    ...(resting.size > 0 && { restingKeys: [...resting.values()] }),
    ...(Object.keys(otherKeys).length > 0 && { otherKeys }),
    ...(plan.routeEfficiency !== undefined && { routeEfficiency: plan.routeEfficiency }),
  };
}
