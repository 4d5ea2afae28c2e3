import { compareMoney, type Money, type Routing } from '@genops/core';
import { type PlannedRoute, type PricedTarget, type RoutePlan, recordOf, targetId } from '@genops/router';
import type { Verdict } from './decide.ts';
import type { Candidate } from './estimate.ts';
import type { IdentifiedCall } from './identify.ts';
import type { Line, Target } from './line.ts';

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
/** English text has about four bytes to a token. */
const bytesPerToken = 4;

/** Orders the places that the rules allow. */
export function plan(line: Line, identified: IdentifiedCall, verdict: Verdict): Itinerary | Routing {
  const { call, opened } = identified;
  const { facts } = opened;
  const placed = new Map<string, Candidate>();
  const targets: PricedTarget[] = [];
  for (const candidate of verdict.candidates) {
    const target = {
      ...candidate.target,
      provider: candidate.target.provider.id,
      model: candidate.requestModel,
    };
    const id = uniqueId(targetId(target), placed);
    placed.set(id, candidate);
    const { bound } = candidate;
    targets.push({
      target: placeOf(id, target),
      ...(bound.result === 'bounded' && { cost: bound.cost.total }),
    });
  }
  const { team, sessionId } = call.attribution;
  const routes = line.router.plan(
    {
      id: call.id,
      targets,
      needs: {
        inputTokens: Math.ceil(facts.inputBytes / bytesPerToken),
        outputTokens: facts.maxOutputTokens ?? 0,
        ...(facts.media?.image !== undefined && { capabilities: ['vision'] }),
      },
      stream: call.stream,
      excluded: verdict.excluded,
      ...(identified.request.routing?.constraints !== undefined && {
        constraints: identified.request.routing.constraints,
      }),
      ...(team !== undefined && { team }),
      ...(sessionId !== undefined && { sessionId }),
    },
    identified.strategy === undefined ? {} : { strategy: identified.strategy },
  );
  const routing = recordOf(routes);
  const planOf = ({ target }: PlannedRoute): Plan => planAt(identified, placed.get(target.id) as Candidate);
  const [first, ...others] = routes.routes;
  if (first === undefined) return routing;
  return { routes, routing, planOf, dearest: others.map(planOf).reduce(dearer, planOf(first)) };
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

function placeOf(
  id: string,
  target: Omit<Target, 'provider' | 'model'> & { provider: string; model: string },
) {
  const { provider, model, region, tier, capabilities, contextTokens, quality, zeroRetention } = target;
  return {
    id,
    provider,
    model,
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
