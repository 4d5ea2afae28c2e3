import type { BreakerChanged } from '@genops/core';
import type { Measured } from './constraints.ts';
import { type Breaker, type BreakerOptions, createBreaker, type Permit } from './failures/breaker.ts';
import { tellingBreaker } from './failures/telling-breaker.ts';
import { createTargetHealth, type HealthPriors, type TargetHealth } from './measure/target-health.ts';
import type { BreakerFact } from './state/facts.ts';
import type { RouteTarget } from './target.ts';

/** What is known of providers and targets: how they did, and whether they may be called. */
export interface Places {
  measured(target: RouteTarget, nowMs: number): Measured;
  health(target: RouteTarget): TargetHealth;
  /** Why nothing may go there now; undefined when it may. */
  closed(target: RouteTarget, nowMs: number): string | undefined;
  /** When something may go there again; undefined when it may now. */
  opensAtMs(target: RouteTarget, nowMs: number): number | undefined;
  /** @returns nothing when one of the breakers does not let it go */
  acquire(target: RouteTarget, nowMs: number): PlacePermit | undefined;
  facts(): readonly BreakerFact[];
  merge(facts: readonly BreakerFact[]): void;
}

/** Leave of the provider's and of the target's breaker. */
export interface PlacePermit {
  readonly probe: boolean;
  /** The first call counts. @param blame - whom a failure is counted against; nobody for neutral outcomes */
  end(outcome: 'succeeded' | 'neutral' | { readonly failed: 'provider' | 'model' }, nowMs: number): void;
}

export interface PlacesOptions {
  readonly breaker?: BreakerOptions;
  readonly priors?: HealthPriors;
  readonly onBreaker?: (change: BreakerChanged) => void;
}

interface Place {
  readonly health: TargetHealth;
  readonly own: Breaker;
  readonly provider: Breaker;
}

/** Models are named by callers, so what is remembered of them is bounded; providers are configured. */
const rememberedPlaces = 10_000;

const ofProvider = 'provider:';
const ofTarget = 'target:';

export function createPlaces(options: PlacesOptions): Places {
  const known = new Map<string, Place>();
  const providers = new Map<string, Breaker>();
  /** Told by another replica of places that nobody asked for here yet. */
  const told = new Map<string, Breaker>();

  const breakerOf = (kind: 'provider' | 'target', id: string): Breaker =>
    createBreaker(tellingBreaker(options.breaker, kind, id, options.onBreaker));
  const providerOf = (id: string): Breaker => {
    const breaker = providers.get(id) ?? breakerOf('provider', id);
    providers.set(id, breaker);
    return breaker;
  };
  const placeOf = ({ id, provider }: RouteTarget): Place => {
    const place = known.get(id);
    if (place !== undefined) return place;
    forgetOldest(known);
    const made = {
      health: createTargetHealth(options.priors),
      own: told.get(id) ?? breakerOf('target', id),
      provider: providerOf(provider),
    };
    told.delete(id);
    known.set(id, made);
    return made;
  };
  const toldOf = (id: string): Breaker => {
    const breaker = known.get(id)?.own ?? told.get(id);
    if (breaker !== undefined) return breaker;
    forgetOldest(told);
    const made = breakerOf('target', id);
    told.set(id, made);
    return made;
  };

  const places: Places = {
    health: (target) => placeOf(target).health,
    measured(target, nowMs) {
      const { health } = placeOf(target);
      return {
        latencyMs: health.latency.read(nowMs),
        timeToFirstTokenMs: health.timeToFirstToken.read(nowMs),
        successRate: health.success.read(nowMs),
        inFlight: health.inFlight,
        uses: health.uses,
      };
    },
    closed(target, nowMs) {
      const { provider, own } = placeOf(target);
      if (!provider.admits(nowMs)) return openReason(`provider "${target.provider}"`, provider, nowMs);
      return own.admits(nowMs) ? undefined : openReason(`"${target.id}"`, own, nowMs);
    },
    opensAtMs(target, nowMs) {
      const { provider, own } = placeOf(target);
      const ends = [provider, own].filter((breaker) => !breaker.admits(nowMs));
      if (ends.length === 0) return undefined;
      return Math.max(...ends.map((breaker) => breaker.opensAtMs(nowMs) ?? nowMs));
    },
    acquire(target, nowMs) {
      const place = placeOf(target);
      const outer = place.provider.acquire(nowMs);
      if (outer === undefined) return undefined;
      const inner = place.own.acquire(nowMs);
      if (inner !== undefined) return bothOf(outer, inner);
      outer.neutral(nowMs);
      return undefined;
    },
    facts() {
      const facts: BreakerFact[] = [];
      const add = (id: string, breaker: Breaker): void => {
        // Of what never opened there is nothing to tell.
        if (breaker.snapshot().changedAtMs > 0) facts.push({ id, breaker: breaker.snapshot() });
      };
      for (const [id, breaker] of providers) add(ofProvider + id, breaker);
      for (const [id, { own }] of known) add(ofTarget + id, own);
      for (const [id, breaker] of told) add(ofTarget + id, breaker);
      return facts;
    },
    merge(facts) {
      for (const { id, breaker } of facts) {
        const own = id.startsWith(ofProvider)
          ? providerOf(id.slice(ofProvider.length))
          : toldOf(id.slice(ofTarget.length));
        own.merge(breaker);
      }
    },
  };
  return places;
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size >= rememberedPlaces) map.delete(map.keys().next().value as string);
}

function openReason(what: string, breaker: Breaker, nowMs: number): string {
  if (breaker.state(nowMs) === 'half-open') return `the breaker of ${what} waits for its probe`;
  return `the breaker of ${what} is open until ${new Date(breaker.opensAtMs(nowMs) ?? nowMs).toISOString()}`;
}

function bothOf(provider: Permit, target: Permit): PlacePermit {
  return {
    probe: provider.probe || target.probe,
    end(outcome, nowMs) {
      if (outcome === 'succeeded') {
        provider.succeeded(nowMs);
        target.succeeded(nowMs);
      } else if (outcome === 'neutral') {
        provider.neutral(nowMs);
        target.neutral(nowMs);
      } else {
        if (outcome.failed === 'provider') provider.failed(nowMs);
        else provider.neutral(nowMs);
        target.failed(nowMs);
      }
    },
  };
}
