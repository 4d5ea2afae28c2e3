import type { ErrorClass, Next } from '../failures/error-classes.ts';
import type { KeyPool } from '../keys/key-pool.ts';
import type { Random } from '../measure/random.ts';
import { blockedOf, type PlannedRoute, questionOf, type RoutePlan } from '../plan.ts';

/** Which routes of a plan are left, as attempts fail. */
export interface Itinerary {
  /** The route that is up; undefined when none is left. */
  readonly current: PlannedRoute | undefined;
  /** True when there is somewhere else to go than the current route. */
  readonly hasAlternative: boolean;
  /** Moves on as a failure asks. @returns where to; `current` then is that route */
  fail(errorClass: ErrorClass): 'same' | 'moved' | 'ended';
  /** Moves on because the current route could not be taken at all. */
  skip(): void;
  /** The route after the current one, for an attempt beside it; takes it out of the list. */
  branch(): PlannedRoute | undefined;
  /** Back to the first route that was tried, when there is nowhere else to go. */
  restart(): void;
}

export function createItinerary(plan: RoutePlan, pool: KeyPool, random: Random): Itinerary {
  let ahead = [...plan.routes];
  const triedKeys = new Set<string>(blockedOf(plan.request));
  const repeats = new Map<string, number>();

  const otherKey = (route: PlannedRoute): PlannedRoute | undefined => {
    if (route.keyId === undefined) return undefined;
    triedKeys.add(route.keyId);
    const drawn = pool.draw({
      question: questionOf(plan.request, route.target),
      need: plan.request.needs,
      prefer: plan.strategy.keys,
      random,
      except: triedKeys,
    });
    if (drawn.result === 'none') return undefined;
    return { ...route, keyId: drawn.keyId, reason: `after ${route.keyId} failed; key ${drawn.reason}` };
  };

  /** A route with a key that was tried gets another one, or is passed over. */
  const land = (routes: readonly PlannedRoute[]): boolean => {
    for (const [place, route] of routes.entries()) {
      const tried = route.keyId !== undefined && triedKeys.has(route.keyId);
      const landed = tried ? otherKey(route) : route;
      if (landed === undefined) continue;
      ahead = [landed, ...routes.slice(place + 1)];
      return true;
    }
    return false;
  };

  /** @param onlyElsewhere - the place may have done the work already: no other key of it is asked to do it again */
  const move = (next: Next, route: PlannedRoute, onlyElsewhere = false): boolean => {
    const others = ahead.slice(1);
    switch (next) {
      case 'next_key': {
        const other = otherKey(route);
        if (other === undefined) return land(others);
        ahead = [other, ...others];
        return true;
      }
      case 'next_provider': {
        const elsewhere = others.filter(({ target }) => target.provider !== route.target.provider);
        const near = others.filter(({ target }) => target.provider === route.target.provider);
        if (land([...elsewhere, ...near])) return true;
        return !onlyElsewhere && move('next_key', route);
      }
      case 'next_model':
        return land(others.filter(({ target }) => target.model !== route.target.model));
      case 'same_key':
      case 'stop':
        return false;
    }
  };

  return {
    get current() {
      return ahead[0];
    },
    get hasAlternative() {
      const route = ahead[0];
      if (ahead.length > 1 || route?.keyId === undefined) return ahead.length > 1;
      return pool.live(questionOf(plan.request, route.target)) > 1;
    },
    fail(errorClass) {
      const route = ahead[0];
      if (route === undefined || errorClass.next === 'stop') return 'ended';
      if (errorClass.next === 'same_key') {
        const id = `${route.target.id}\n${route.keyId ?? ''}\n${errorClass.id}`;
        const repeated = repeats.get(id) ?? 0;
        if (repeated < (errorClass.times ?? 1)) {
          repeats.set(id, repeated + 1);
          return 'same';
        }
      }
      const next = errorClass.next === 'same_key' ? (errorClass.otherwise ?? 'next_key') : errorClass.next;
      return move(next, route, errorClass.maybeBilled) ? 'moved' : 'ended';
    },
    skip() {
      const route = ahead[0];
      if (route !== undefined && !move('next_key', route)) ahead = [];
    },
    branch() {
      const [route, ...others] = ahead;
      if (route === undefined) return undefined;
      const beside = others[0] ?? otherKey(route);
      ahead = [route, ...others.slice(1)];
      return beside;
    },
    restart() {
      triedKeys.clear();
      for (const key of blockedOf(plan.request) ?? []) triedKeys.add(key);
      ahead = plan.routes.slice(0, 1);
    },
  };
}
