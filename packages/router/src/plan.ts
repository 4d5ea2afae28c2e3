import type { Money } from '@genops/core';
import { type Constraints, violated } from './constraints.ts';
import { routeEfficiency } from './efficiency.ts';
import type { KeyQuestion, RestingKey } from './keys/cell.ts';
import type { KeyPool } from './keys/key-pool.ts';
import type { Random } from './measure/random.ts';
import type { Places } from './places.ts';
import type { StickyRoute } from './sticky.ts';
import { fieldOf, type RouteCandidate, type Strategy } from './strategies/strategy.ts';
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
  /** Best first; empty when nothing can serve the call. */
  readonly routes: readonly PlannedRoute[];
  readonly rejected: readonly RejectedRoute[];
  /** For each target that was considered: its keys that rest, and how many could have been drawn. */
  readonly keys: readonly TargetKeys[];
  /** Cheapest cost that would have done ÷ cost of the first route. */
  readonly routeEfficiency?: number;
  /** The soonest time at which something that is in the way now may be gone. */
  readonly retryAtMs?: number;
}

export interface TargetKeys {
  readonly targetId: string;
  readonly live: number;
  readonly resting: readonly (readonly RestingKey[])[];
}

export interface PlanContext {
  readonly nowMs: () => number;
  readonly pool: KeyPool;
  readonly places: Places;
  readonly strategy: Strategy;
  readonly random: Random;
  /** Goes first when it may serve. */
  readonly preferred?: StickyRoute & { readonly why: string };
}

/** Filters, scores and orders the candidates. The same state, request and random numbers give the same plan. */
export function planRoute(request: RouteRequest, context: PlanContext): RoutePlan {
  const { nowMs, pool, places, strategy } = context;
  const now = nowMs();
  const rejected: RejectedRoute[] = [...(request.excluded ?? [])];
  const keys: TargetKeys[] = [];
  const fit: Fit[] = [];
  let retryAtMs: number | undefined;

  for (const [position, priced] of request.targets.entries()) {
    const { target } = priced;
    const reject = (reason: string): void => void rejected.push({ targetId: target.id, reason });
    const measured = places.measured(target, now);
    const { needs, constraints = {}, stream } = request;
    const broken = violated({ priced, needs, constraints, measured, stream });
    if (broken !== undefined) {
      reject(broken);
      continue;
    }
    const closed = places.closed(target, now);
    if (closed !== undefined) {
      reject(closed);
      continue;
    }
    const candidate: Mutable<RouteCandidate> = {
      target,
      cost: priced.cost === undefined ? undefined : Number(priced.cost.amount.toFixed()),
      measured,
      quality: target.quality ?? 0.5,
      headroom: 1,
      position,
    };
    if (!pool.knows(target.provider)) {
      fit.push({ priced, candidate });
      continue;
    }
    const question = questionOf(request, target);
    keys.push({ targetId: target.id, live: pool.live(question), resting: pool.resting(question) });
    const drawn = chooseKey(request, question, context);
    if (drawn.result === 'none') {
      reject(drawn.reason);
      const backAtMs = pool.nextAtMs(question);
      if (backAtMs !== undefined) retryAtMs = Math.min(retryAtMs ?? Number.POSITIVE_INFINITY, backAtMs);
      continue;
    }
    candidate.headroom = drawn.headroom;
    fit.push({ priced, candidate, keyId: drawn.keyId, keyReason: drawn.reason });
  }

  const routes = rank(fit, request.stream, context);
  const first = routes[0];
  const efficiency =
    first &&
    routeEfficiency(
      first.cost,
      routes.map(({ cost }) => cost),
    );
  return {
    request,
    at: new Date(now).toISOString(),
    strategy,
    routes,
    rejected,
    keys,
    ...(efficiency !== undefined && { routeEfficiency: efficiency }),
    ...(retryAtMs !== undefined && { retryAtMs }),
  };
}

/** A candidate that nothing speaks against. */
interface Fit {
  readonly priced: PricedTarget;
  readonly candidate: RouteCandidate;
  readonly keyId?: string;
  readonly keyReason?: string;
}

type Mutable<Value> = { -readonly [Name in keyof Value]: Value[Name] };

export function questionOf({ team }: RouteRequest, target: RouteTarget): KeyQuestion {
  return {
    provider: target.provider,
    model: target.model,
    ...(target.region !== undefined && { region: target.region }),
    ...(target.tier !== undefined && { tier: target.tier }),
    ...(team !== undefined && { team }),
  };
}

function chooseKey(
  request: RouteRequest,
  question: KeyQuestion,
  { pool, preferred, strategy, random }: PlanContext,
): ReturnType<KeyPool['draw']> {
  const keyId = preferred?.keyId;
  if (keyId !== undefined && pool.usable(keyId, question, request.needs)) {
    return { result: 'drawn', keyId, reason: 'as before', headroom: 1 };
  }
  return pool.draw({ question, need: request.needs, prefer: strategy.keys, random });
}

/** Best score first; of equals, the one configured first. */
function rank(
  fit: readonly Fit[],
  stream: boolean,
  { strategy, preferred }: PlanContext,
): readonly PlannedRoute[] {
  const [only] = fit;
  if (only !== undefined && fit.length === 1) return [routeOf(only, 1, 'the only one that may serve')];
  const field = fieldOf(
    fit.map(({ candidate }) => candidate),
    stream,
  );
  const scored = fit.map((one) => ({ ...one, score: strategy.score(one.candidate, field) }));
  scored.sort(
    (left, right) => right.score - left.score || left.candidate.position - right.candidate.position,
  );
  if (preferred !== undefined) {
    const place = scored.findIndex(({ candidate }) => candidate.target.id === preferred.targetId);
    if (place > 0) scored.unshift(...scored.splice(place, 1));
  }
  return scored.map((one, place) => {
    const why = place === 0 && one.candidate.target.id === preferred?.targetId ? `${preferred.why}; ` : '';
    return routeOf(one, one.score, `${why}${strategy.name}: ${strategy.reason(one.candidate, field)}`);
  });
}

function routeOf({ candidate, priced, keyId, keyReason }: Fit, score: number, reason: string): PlannedRoute {
  return {
    target: candidate.target,
    score,
    reason: keyReason === undefined ? reason : `${reason}; key ${keyReason}`,
    ...(keyId !== undefined && { keyId }),
    ...(priced.cost !== undefined && { cost: priced.cost }),
  };
}
