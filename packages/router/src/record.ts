import { moneyToJson, type Routing, type RoutingCandidate, type RoutingFacts } from '@genops/core';
import type { Constraints } from './constraints.ts';
import type { Judged, KeyFound } from './decide-route.ts';
import type { RestingKey } from './keys/cell.ts';
import type { PlannedRoute, RoutePlan } from './plan.ts';

/** The most resting keys written out one by one; all of them are counted. */
const mostNamed = 20;

/**
 * A plan as it is kept with the decision: every candidate, its score or the reason against it, and what was
 * known of it. `replay` makes the same decision again out of nothing but this.
 */
export function recordOf(plan: RoutePlan): Routing {
  const { request, decided, routes, strategy, preferred, fallback, retryAtMs } = plan;
  const prefer = request.rules?.prefer;
  const hasConstraints = Object.keys(request.constraints ?? {}).length > 0;
  // One candidate with nothing to keep to is taken, whatever is known of it.
  const isAlone = decided.ranked.length === 1 && decided.against.length === 0 && !hasConstraints;
  const candidates: RoutingCandidate[] = routes.map((route, index) =>
    candidateOf(route, index, isAlone ? undefined : decided.ranked[index]?.judged),
  );
  for (const excluded of request.excluded ?? []) candidates.push(excluded);
  for (const judged of decided.against) {
    candidates.push({
      targetId: judged.priced.target.id,
      ...(judged.priced.cost !== undefined && { cost: moneyToJson(judged.priced.cost) }),
      reason: judged.against as string,
      facts: factsOf(judged),
    });
  }
  const { inputTokens, outputTokens, capabilities } = request.needs;
  return {
    strategy: strategy.name,
    candidates,
    ...keysOf(plan),
    ...(plan.routeEfficiency !== undefined && { routeEfficiency: plan.routeEfficiency }),
    ...(retryAtMs !== undefined && { retryAt: new Date(retryAtMs).toISOString() }),
    ...(!isAlone && {
      asked: {
        stream: request.stream,
        inputTokens,
        outputTokens,
        ...(capabilities !== undefined && { capabilities }),
        ...(hasConstraints && { constraints: constraintsToJson(request.constraints as Constraints) }),
        ...(strategy.weights !== undefined && { weights: strategy.weights }),
        ...(preferred !== undefined && { preferred }),
        ...(prefer !== undefined && { prefer }),
        ...(fallback !== undefined && { fallback: fallback.name }),
      },
    }),
  };
}

function candidateOf(route: PlannedRoute, index: number, judged: Judged | undefined): RoutingCandidate {
  const { target, keyId, score, reason, cost } = route;
  return {
    targetId: target.id,
    ...(keyId !== undefined && { keyId }),
    rank: index + 1,
    score,
    ...(cost !== undefined && { cost: moneyToJson(cost) }),
    reason,
    ...(judged !== undefined && { facts: factsOf(judged) }),
  };
}

function factsOf({ priced, position, measured, quality, closed, key }: Judged): RoutingFacts {
  const { provider, model, region, tier, capabilities, contextTokens, zeroRetention } = priced.target;
  return {
    position,
    provider,
    model,
    ...(region !== undefined && { region }),
    ...(tier !== undefined && { tier }),
    ...(capabilities !== undefined && { capabilities }),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(zeroRetention !== undefined && { zeroRetention }),
    ...(priced.bound !== undefined && { bound: moneyToJson(priced.bound) }),
    ...measured,
    ...(quality !== undefined && { quality }),
    ...(closed !== undefined && { closed }),
    ...(key !== undefined && { key: keyFacts(key) }),
  };
}

function keyFacts(key: KeyFound): RoutingFacts['key'] & object {
  if (key.result === 'none') return { reason: key.reason };
  const { headroom, weighed, reason } = key;
  return { headroom, ...(weighed === undefined ? { reason } : { weighed }) };
}

function keysOf({ keys }: RoutePlan): Pick<Routing, 'keys' | 'restingKeys'> {
  if (keys.size === 0) return {};
  const counts: Record<string, { usable: number; resting?: Readonly<Record<string, number>> }> = {};
  const named = new Map<string, RestingKey>();
  for (const [targetId, { live, resting, named: some }] of keys) {
    counts[targetId] = { usable: live, ...(resting !== undefined && { resting }) };
    for (const key of some) if (named.size < mostNamed) named.set(key.keyId, key);
  }
  return {
    keys: counts,
    ...(named.size > 0 && {
      restingKeys: [...named.values()].map(({ keyId, reason, untilMs }) => ({
        keyId,
        reason,
        ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
      })),
    }),
  };
}

function constraintsToJson({ maxCost, ...others }: Constraints): Readonly<Record<string, unknown>> {
  return { ...others, ...(maxCost !== undefined && { maxCost: moneyToJson(maxCost) }) };
}
