import type { Money } from '@genops/core';
import type { Constraints, Measured } from './constraints.ts';
import {
  type Decided,
  decideRoute,
  type Knowledge,
  type Preferences,
  type PreferredRoute,
} from './decide-route.ts';
import type { ErrorClass } from './failures/error-classes.ts';
import type { KeyQuestion } from './keys/cell.ts';
import type { KeyPool, TargetKeys } from './keys/key-pool.ts';
import type { Random } from './measure/random.ts';
import type { Places } from './places.ts';
import type { QualityLookup } from './quality/quality.ts';
import type { Split } from './split.ts';
import type { Strategy } from './strategies/strategy.ts';
import type { ObjectiveWeights } from './strategies/weighted.ts';
import type { PricedTarget, RequestNeeds, RouteTarget } from './target.ts';

/** A call that needs a route. */
export interface RouteRequest {
  readonly id: string;
  /** Where it could go, in the configured order. */
  readonly targets: readonly PricedTarget[];
  readonly needs: RequestNeeds;
  readonly stream: boolean;
  readonly constraints?: Constraints;
  /** Whose call it is: only this team's keys and everybody's may serve it. */
  readonly team?: string;
  readonly sessionId?: string;
  /** Candidates that somebody else ruled out already, for the record. */
  readonly excluded?: readonly RejectedRoute[];
  /** What holds for this call instead of what holds for all. */
  readonly rules?: RouteRules;
}

/** What may be said of one route, and holds there instead of what the router does otherwise. */
export interface RouteRules {
  /** Several objectives with their weights, instead of a strategy. */
  readonly weights?: ObjectiveWeights;
  /** The strategy that orders the places after the first, by any of its names. */
  readonly fallbackStrategy?: string;
  /** What goes first among what may serve. */
  readonly prefer?: Preferences;
  /** Keys that must not serve. */
  readonly blockedKeys?: readonly string[];
  readonly split?: Split;
  /** False: sessions do not stay where they were served. */
  readonly sticky?: false;
  /** Stand before the router's own lines and the built-in table. */
  readonly errorClasses?: readonly ErrorClass[];
  readonly maxAttempts?: number;
  readonly maxWaitMs?: number;
  readonly firstByteMs?: number;
  readonly hedgeAfterMs?: number;
  readonly whenUnanswered?: 'elsewhere' | 'stop';
}

/** One route that the call may take. */
export interface PlannedRoute {
  readonly target: RouteTarget;
  /** Absent where the caller's own credentials go out. */
  readonly keyId?: string;
  readonly score: number;
  readonly reason: string;
  readonly cost?: Money;
}

/** A candidate that the call may not take, and why. */
export interface RejectedRoute {
  readonly targetId: string;
  readonly reason: string;
}

/** Where a call goes, and where if that fails; with the reasons of all of it. */
export interface RoutePlan {
  readonly request: RouteRequest;
  /** An instant. */
  readonly at: string;
  readonly strategy: Strategy;
  readonly preferred?: PreferredRoute;
  readonly fallback?: Strategy;
  /** Best first; empty when nothing can serve the call. */
  readonly routes: readonly PlannedRoute[];
  readonly rejected: readonly RejectedRoute[];
  /** Everything that was looked at. */
  readonly decided: Decided;
  /** For each target that was considered and has keys: how many could have been drawn, and which rest. */
  readonly keys: ReadonlyMap<string, TargetKeys>;
  /** Cheapest cost that would have done ÷ cost of the first route. */
  readonly routeEfficiency?: number;
  /** The soonest time at which something that is in the way now may be gone. */
  readonly retryAtMs?: number;
}

export interface PlanContext {
  readonly nowMs: () => number;
  readonly pool: KeyPool;
  readonly places: Places;
  readonly quality: QualityLookup;
  readonly strategy: Strategy;
  readonly random: Random;
  /** Draws the key of a session that is not known: the same session gives the same numbers everywhere. */
  readonly sessionRandom?: () => Random;
  readonly preferred?: PreferredRoute;
  /** Orders all places but the first. */
  readonly fallback?: Strategy;
}

/** Filters, scores and orders the candidates. The same state, request and random numbers give the same plan. */
export function planRoute(request: RouteRequest, context: PlanContext): RoutePlan {
  const { places, strategy, preferred, fallback } = context;
  const prefer = request.rules?.prefer;
  const now = context.nowMs();
  const keys = new Map<string, TargetKeys>();
  const decided = decideRoute(
    {
      ...request,
      ...(preferred !== undefined && { preferred }),
      ...(prefer !== undefined && { prefer }),
      ...(fallback !== undefined && { fallback }),
    },
    liveKnowledge(request, context, now, keys),
    strategy,
  );
  const routes = decided.ranked.map(({ judged: { priced, key }, score, reason }): PlannedRoute => {
    const { target, cost } = priced;
    const keyId = key?.result === 'found' ? key.keyId : undefined;
    return {
      target,
      score,
      reason,
      ...(keyId !== undefined && { keyId }),
      ...(cost !== undefined && { cost }),
    };
  });
  const rejected = [
    ...(request.excluded ?? []),
    ...decided.against.map(({ priced, against }) => ({
      targetId: priced.target.id,
      reason: against as string,
    })),
  ];
  const efficiency = efficiencyOf(decided);
  const retryAtMs = soonest(decided, places, now);
  return {
    request,
    at: new Date(now).toISOString(),
    strategy,
    ...(preferred !== undefined && { preferred }),
    ...(fallback !== undefined && { fallback }),
    routes,
    rejected,
    decided,
    keys,
    ...(efficiency !== undefined && { routeEfficiency: efficiency }),
    ...(retryAtMs !== undefined && { retryAtMs }),
  };
}

function liveKnowledge(
  request: RouteRequest,
  { pool, places, quality, strategy, random, sessionRandom, preferred }: PlanContext,
  now: number,
  keys: Map<string, TargetKeys>,
): Knowledge {
  const blocked = blockedOf(request);
  return {
    measured: (target) => rounded(places.measured(target, now)),
    quality,
    closed: (target) => places.closed(target, now),
    key(target) {
      if (!pool.knows(target.provider)) return undefined;
      const question = questionOf(request, target);
      const keyId = preferred?.keyId;
      const { keys: around, ...drawn } = pool.draw({
        question,
        need: request.needs,
        prefer: strategy.keys,
        random,
        ...(blocked !== undefined && { except: blocked }),
        ...(keyId !== undefined && { keep: keyId }),
        ...(sessionRandom !== undefined && { sessionRandom }),
      });
      keys.set(target.id, around);
      if (drawn.result === 'drawn') {
        return { ...drawn, result: 'found' };
      }
      const backAtMs = pool.nextAtMs(question);
      return { result: 'none', reason: drawn.reason, ...(backAtMs !== undefined && { backAtMs }) };
    },
  };
}

/** Finer than anybody measures, and short when it is written down. */
function rounded({ latencyMs, timeToFirstTokenMs, successRate, inFlight, uses }: Measured): Measured {
  return {
    latencyMs: Math.round(latencyMs * 10) / 10,
    timeToFirstTokenMs: Math.round(timeToFirstTokenMs * 10) / 10,
    successRate: Math.round(successRate * 1e6) / 1e6,
    inFlight,
    uses,
  };
}

/** Keys that the request must not use, whatever their state. */
export function blockedOf({ rules }: RouteRequest): ReadonlySet<string> | undefined {
  return rules?.blockedKeys && new Set(rules.blockedKeys);
}

export function questionOf({ team }: RouteRequest, target: RouteTarget): KeyQuestion {
  const { provider, model, region, tier } = target;
  return {
    provider,
    model,
    ...(region !== undefined && { region }),
    ...(tier !== undefined && { tier }),
    ...(team !== undefined && { team }),
  };
}

/** Shown and compared, never charged: so plain numbers do. */
export function efficiencyOf({ ranked }: Decided): number | undefined {
  const [first] = ranked;
  const own = first?.judged.cost;
  if (own === undefined) return undefined;
  let cheapest = own;
  for (const { judged } of ranked) cheapest = Math.min(cheapest, judged.cost ?? own);
  return own === 0 ? 1 : cheapest / own;
}

function soonest({ against }: Decided, places: Places, now: number): number | undefined {
  let first: number | undefined;
  for (const { key, closed, priced } of against) {
    const backAtMs = key?.result === 'none' ? key.backAtMs : closed && places.opensAtMs(priced.target, now);
    if (typeof backAtMs === 'number' && (first === undefined || backAtMs < first)) first = backAtMs;
  }
  return first;
}
