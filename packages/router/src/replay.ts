import {
  ConfigurationError,
  type MoneyJson,
  moneyFromJson,
  type Routing,
  type RoutingCandidate,
  type RoutingFacts,
} from '@genops/core';
import type { Constraints } from './constraints.ts';
import { type Decided, decideRoute, type Judged, type KeyFound, type Knowledge } from './decide-route.ts';
import { betterOf, type Weighed } from './keys/draw-key.ts';
import { efficiencyOf } from './plan.ts';
import { parseStrategyName, strategies } from './strategies/names.ts';
import type { Strategy } from './strategies/strategy.ts';
import { weighted } from './strategies/weighted.ts';
import type { Capability, PricedTarget } from './target.ts';

/** A decision that was made again out of its record. */
export interface Replayed {
  /** As they come out now. */
  readonly candidates: readonly Omit<RoutingCandidate, 'facts'>[];
  readonly routeEfficiency?: number;
  /** True when every candidate stands where the record has it, with the same key, score and reason. */
  readonly same: boolean;
}

/** Strategies of one's own, where the record has such. */
export interface ReplayOptions {
  readonly strategy?: Strategy;
  readonly fallback?: Strategy;
}

/**
 * Makes a decision again out of nothing but its record: who may serve, in what order, with which key, and
 * why. What chance and other people brought about (which keys were drawn, what was measured, what a rule
 * ruled out) stands in the record as it was; everything that follows from it is done anew.
 *
 * @throws {ConfigurationError} when the record's strategy is not known
 */
export function replay(record: Routing, options: ReplayOptions = {}): Replayed {
  const { asked } = record;
  // With one candidate alone there was nothing to decide.
  if (asked === undefined) return replayed(record, record.candidates, record.routeEfficiency);
  const known = new Map<string, RoutingCandidate & { readonly facts: RoutingFacts }>();
  const targets: PricedTarget[] = [];
  for (const candidate of record.candidates) {
    const { facts } = candidate;
    if (facts === undefined) continue;
    known.set(candidate.targetId, { ...candidate, facts });
    targets[facts.position] = targetOf(candidate, facts);
  }
  const strategy =
    options.strategy ??
    (asked.weights === undefined
      ? strategies[parseStrategyName(record.strategy)]
      : weighted(asked.weights, record.strategy));
  const { capabilities, constraints, preferred, prefer, stream, inputTokens, outputTokens } = asked;
  const fallback =
    asked.fallback === undefined
      ? undefined
      : (options.fallback ?? strategies[parseStrategyName(asked.fallback)]);
  const decided = decideRoute(
    {
      targets,
      stream,
      needs: {
        inputTokens,
        outputTokens,
        ...(capabilities !== undefined && { capabilities: capabilities as readonly Capability[] }),
      },
      ...(constraints !== undefined && { constraints: constraintsOf(constraints) }),
      ...(preferred !== undefined && { preferred }),
      ...(prefer !== undefined && { prefer }),
      ...(fallback !== undefined && { fallback }),
    },
    recordedKnowledge(known, strategy),
    strategy,
  );
  const excluded = record.candidates.filter((candidate) => candidate.facts === undefined);
  const candidates = [...rankedOf(decided, record), ...excluded, ...decided.against.map(againstOf)];
  return replayed(record, candidates, efficiencyOf(decided));
}

function replayed(
  record: Routing,
  candidates: readonly RoutingCandidate[],
  routeEfficiency: number | undefined,
): Replayed {
  const bare = candidates.map(withoutFacts);
  const same =
    JSON.stringify(bare.map(signature)) === JSON.stringify(record.candidates.map(signature)) &&
    routeEfficiency === record.routeEfficiency;
  return { candidates: bare, same, ...(routeEfficiency !== undefined && { routeEfficiency }) };
}

function signature({ targetId, keyId, rank, score, reason }: RoutingCandidate): unknown {
  return [targetId, keyId, rank, score, reason];
}

function withoutFacts({ facts: _facts, ...bare }: RoutingCandidate): Omit<RoutingCandidate, 'facts'> {
  return bare;
}

function recordedKnowledge(
  known: ReadonlyMap<string, RoutingCandidate & { readonly facts: RoutingFacts }>,
  strategy: Strategy,
): Knowledge {
  const of = ({ id }: { readonly id: string }): RoutingCandidate & { readonly facts: RoutingFacts } => {
    const candidate = known.get(id);
    if (candidate !== undefined) return candidate;
    throw new ConfigurationError('routing', `the record has no facts of "${id}"`);
  };
  return {
    measured(target) {
      const { latencyMs, timeToFirstTokenMs, successRate, inFlight, uses } = of(target).facts;
      return { latencyMs, timeToFirstTokenMs, successRate, inFlight, uses };
    },
    quality: (target) => of(target).facts.quality,
    closed: (target) => of(target).facts.closed,
    key(target): KeyFound | undefined {
      const { keyId = '', facts } = of(target);
      if (facts.key === undefined) return undefined;
      const { headroom, reason = '', weighed } = facts.key;
      if (headroom === undefined) return { result: 'none', reason };
      if (weighed === undefined) return { result: 'found', headroom, keyId, reason };
      return { result: 'found', headroom, ...betterOf(weighed as unknown as Weighed, strategy.keys) };
    },
  };
}

function targetOf({ targetId, cost }: RoutingCandidate, facts: RoutingFacts): PricedTarget {
  const { provider, model, region, tier, capabilities, contextTokens, zeroRetention, bound } = facts;
  return {
    target: {
      id: targetId,
      provider,
      model,
      ...(region !== undefined && { region }),
      ...(tier !== undefined && { tier }),
      ...(capabilities !== undefined && { capabilities: capabilities as readonly Capability[] }),
      ...(contextTokens !== undefined && { contextTokens }),
      ...(zeroRetention !== undefined && { zeroRetention }),
    },
    ...(cost !== undefined && { cost: moneyFromJson(cost) }),
    ...(bound !== undefined && { bound: moneyFromJson(bound) }),
  };
}

function constraintsOf({ maxCost, ...others }: Readonly<Record<string, unknown>>): Constraints {
  return {
    ...(others as Constraints),
    ...(maxCost !== undefined && { maxCost: moneyFromJson(maxCost as MoneyJson) }),
  };
}

function rankedOf({ ranked }: Decided, { candidates }: Routing): readonly RoutingCandidate[] {
  const costs = new Map(candidates.map(({ targetId, cost }) => [targetId, cost]));
  return ranked.map(({ judged, score, reason }, index) => {
    const targetId = judged.priced.target.id;
    const cost = costs.get(targetId);
    const keyId = judged.key?.result === 'found' ? judged.key.keyId : undefined;
    return {
      targetId,
      ...(keyId !== undefined && { keyId }),
      rank: index + 1,
      score,
      ...(cost !== undefined && { cost }),
      reason,
    };
  });
}

function againstOf({ priced, against }: Judged): RoutingCandidate {
  return { targetId: priced.target.id, reason: against as string };
}
