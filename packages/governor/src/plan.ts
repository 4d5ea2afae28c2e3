import { compareMoney, type Money, type Routing } from '@genops/core';
import {
  type PlannedRoute,
  type PricedTarget,
  type RoutePlan,
  type RouteRules,
  type RouteTarget,
  recordOf,
  targetId,
} from '@genops/router';
import type { Verdict } from './decide.ts';
import { type Candidate, probable } from './estimate.ts';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';
import { needsOf } from './needs.ts';

/** One place that the call may go to, and what has to be held for it there. */
export interface Plan {
  readonly route: Candidate;
  /** The most that it can come to; absent when no price is known. */
  readonly cost: Money | undefined;
  /** The most tokens that it can come to. */
  readonly tokens: number;
  /** Cap of each answer that the bound relies on although the caller set none. */
  readonly maxOutputTokens: number | undefined;
}

/** Where the call goes, and where if that fails. */
export interface Itinerary {
  readonly routes: RoutePlan;
  readonly routing: Routing;
  planOf(route: PlannedRoute): Plan;
  /** The first place, with the most that any place of the plan can come to: that much is held at first. */
  readonly dearest: Plan;
}

/** Assumed for each answer when neither the caller nor the catalogue says how long it may get. */
const assumedOutputTokens = 4096;

/** Orders the places that the rules allow. */
export function plan(line: Line, identified: IdentifiedCall, verdict: Verdict): Itinerary | Routing {
  const { call, request, routed } = identified;
  const placed = new Map<string, Candidate>();
  const shares: Record<string, number> = {};
  const targets = verdict.candidates.map((candidate): PricedTarget => {
    const target = placeOf(candidate);
    const id = uniqueId(targetId(target), placed);
    placed.set(id, candidate);
    if (candidate.target.share !== undefined) shares[id] = candidate.target.share;
    // With one place there is nothing to choose, so what it probably costs is not asked.
    const cost = verdict.candidates.length > 1 ? probableCost(line, candidate) : undefined;
    const { bound } = candidate;
    const most = bound.result === 'bounded' ? bound.cost.total : undefined;
    return {
      target: { ...target, id },
      ...((cost ?? most) !== undefined && { cost: (cost ?? most) as Money }),
      ...(most !== undefined && cost !== undefined && { bound: most }),
    };
  });
  const { team, sessionId } = call.attribution;
  const constraints = { ...routed?.constraints, ...request.routing?.constraints };
  const own = { ...rulesOf(routed, shares), ...request.routing?.rules };
  const rules = request.mirrored === undefined ? own : ofCopies;
  const strategy = request.routing?.strategy ?? routed?.strategy;
  const planned = line.router.plan(
    {
      id: call.id,
      targets,
      needs: needsOf(identified.opened.facts),
      stream: call.stream,
      excluded: verdict.excluded,
      constraints,
      rules,
      ...(team !== undefined && { team }),
      ...(sessionId !== undefined && { sessionId }),
    },
    strategy === undefined ? {} : { strategy },
  );
  const routes = line.options.mode === 'observe' ? anyway(planned) : planned;
  const { mirrored } = request;
  const routing = {
    ...recordOf(routes),
    ...(mirrored !== undefined && { mirrorOf: mirrored.operationId }),
  };
  const planOf = ({ target }: PlannedRoute): Plan => planAt(identified, placed.get(target.id) as Candidate);
  const [first, ...others] = routes.routes;
  if (first === undefined) return routing;
  return { routes, routing, planOf, dearest: others.map(planOf).reduce(dearer, planOf(first)) };
}

/** A copy must not use up what callers' own calls need, nor decide where their sessions stay. */
const ofCopies: RouteRules = { maxAttempts: 1, sticky: false };

/** Whoever only observes keeps nothing back: with no other way the call goes where it was addressed to. */
function anyway(planned: RoutePlan): RoutePlan {
  const [addressed] = planned.request.targets;
  if (planned.routes.length > 0 || addressed === undefined) return planned;
  const { target, cost } = addressed;
  const reason = 'no route is open, and nothing is kept back';
  return { ...planned, routes: [{ target, score: 0, reason, ...(cost !== undefined && { cost }) }] };
}

/** The experiment's shares are of places that may serve; when none of them has one, there is no experiment. */
function rulesOf(
  routed: IdentifiedCall['routed'],
  shares: Readonly<Record<string, number>>,
): RouteRules | undefined {
  const isSplit = routed?.split !== undefined && Object.values(shares).some((share) => share > 0);
  if (!isSplit) return routed?.rules;
  return { ...routed.rules, split: { name: routed.split as string, shares } };
}

/** Never more than the most that it can come to. */
function probableCost(line: Line, candidate: Candidate): Money | undefined {
  if (candidate.bound.result !== 'bounded') return undefined;
  const expected = probable(line, candidate);
  if (expected.result !== 'bounded') return undefined;
  const most = candidate.bound.cost.total;
  return compareMoney(expected.cost.total, most) > 0 ? most : expected.cost.total;
}

/** True when there is somewhere to go. */
export function isItinerary(planned: Itinerary | Routing): planned is Itinerary {
  return 'planOf' in planned;
}

function planAt(identified: IdentifiedCall, route: Candidate): Plan {
  if (route.bound.result === 'bounded') {
    const { cost, inputTokens, outputTokens, maxOutputTokens } = route.bound;
    return { route, cost: cost.total, tokens: inputTokens + outputTokens, maxOutputTokens };
  }
  const { facts } = identified.opened;
  const perAnswer = facts.maxOutputTokens ?? assumedOutputTokens;
  return {
    route,
    cost: undefined,
    tokens: facts.inputBytes + perAnswer * facts.choices,
    maxOutputTokens: facts.maxOutputTokens === undefined ? assumedOutputTokens : undefined,
  };
}

/** The first place, with the larger amounts of both. */
function dearer(first: Plan, other: Plan): Plan {
  const tokens = Math.max(first.tokens, other.tokens);
  const moreMoney =
    other.cost !== undefined && (first.cost === undefined || compareMoney(other.cost, first.cost) > 0);
  return { ...first, tokens, cost: moreMoney ? other.cost : first.cost };
}

function placeOf({ target, requestModel }: Candidate): Omit<RouteTarget, 'id'> {
  const { provider, region, tier, capabilities, contextTokens, quality, zeroRetention } = target;
  return {
    provider: provider.id,
    model: requestModel,
    ...(region !== undefined && { region }),
    ...(tier !== undefined && { tier }),
    ...(capabilities !== undefined && { capabilities }),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(quality !== undefined && { quality }),
    ...(zeroRetention !== undefined && { zeroRetention }),
  };
}

/** The same model at the same provider twice (two addresses, two keys) is two places. */
function uniqueId(id: string, taken: ReadonlyMap<string, unknown>): string {
  let unique = id;
  for (let number = 2; taken.has(unique); number += 1) unique = `${id}~${number}`;
  return unique;
}
