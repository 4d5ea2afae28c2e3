import { type MoneyJson, moneyToJson } from '@genops/core';
import type { RestingKey } from './keys/cell.ts';
import type { RoutePlan } from './plan.ts';

/** A plan as it is kept beside the decision: every candidate, its score or the reason against it. */
export interface RouteRecord {
  readonly requestId: string;
  readonly at: string;
  readonly strategy: string;
  readonly candidates: readonly CandidateRecord[];
  /** Keys that could not be drawn, one by one. */
  readonly restingKeys: readonly RestingKey[];
  /** Keys that could have been drawn and were not, by target. */
  readonly otherKeys: Readonly<Record<string, number>>;
  readonly routeEfficiency?: number;
}

export interface CandidateRecord {
  readonly targetId: string;
  readonly keyId?: string;
  /** 1 for the route that is tried first; absent for what was rejected. */
  readonly rank?: number;
  readonly score?: number;
  readonly cost?: MoneyJson;
  /** Why it stands where it stands, or why it was rejected. */
  readonly reason: string;
}

/** The most keys written out one by one; beyond that the record says how many more there were. */
const writtenKeys = 100;

export function recordOf(plan: RoutePlan): RouteRecord {
  const resting = new Map<string, RestingKey>();
  const otherKeys: Record<string, number> = {};
  const taken = new Set(
    plan.routes.filter(({ keyId }) => keyId !== undefined).map(({ target }) => target.id),
  );
  for (const { targetId, live, resting: lists } of plan.keys) {
    otherKeys[targetId] = live - (taken.has(targetId) ? 1 : 0);
    for (const list of lists)
      for (const key of list) if (resting.size < writtenKeys) resting.set(key.keyId, key);
  }
  return {
    requestId: plan.request.id,
    at: plan.at,
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
    restingKeys: [...resting.values()],
    otherKeys,
    ...(plan.routeEfficiency !== undefined && { routeEfficiency: plan.routeEfficiency }),
  };
}
