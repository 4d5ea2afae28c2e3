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

/** Models are named by callers, so what is remembered of them is bounded. */
const rememberedPlaces = 10_000;

export function createPlaces(options: PlacesOptions): Places {
  const healths = new Map<string, TargetHealth>();
  const breakers = new Map<string, Breaker>();

  const remember = <Value>(map: Map<string, Value>, id: string, make: () => Value): Value => {
    const known = map.get(id);
    if (known !== undefined) return known;
    if (map.size >= rememberedPlaces) map.delete(map.keys().next().value as string);
    const made = make();
    map.set(id, made);
    return made;
  };
  const breakerOf = (fact: string): Breaker =>
    remember(breakers, fact, () => {
      const of = fact.startsWith('provider:') ? 'provider' : 'target';
      const id = fact.slice(of.length + 1);
      return createBreaker(tellingBreaker(options.breaker, of, id, options.onBreaker));
    });
  const provider = ({ provider: id }: RouteTarget): Breaker => breakerOf(`provider:${id}`);
  const own = ({ id }: RouteTarget): Breaker => breakerOf(`target:${id}`);

  const places: Places = {
    health: ({ id }) => remember(healths, id, () => createTargetHealth(options.priors)),
    measured(target, nowMs) {
      const health = places.health(target);
      return {
        latencyMs: health.latency.read(nowMs),
        timeToFirstTokenMs: health.timeToFirstToken.read(nowMs),
        successRate: health.success.read(nowMs),
        inFlight: health.inFlight,
        uses: health.uses,
      };
    },
    closed(target, nowMs) {
      if (!provider(target).admits(nowMs))
        return openReason(`provider "${target.provider}"`, provider(target), nowMs);
      if (!own(target).admits(nowMs)) return openReason(`"${target.id}"`, own(target), nowMs);
      return undefined;
    },
    acquire(target, nowMs) {
      const outer = provider(target).acquire(nowMs);
      if (outer === undefined) return undefined;
      const inner = own(target).acquire(nowMs);
      if (inner !== undefined) return bothOf(outer, inner);
      outer.neutral(nowMs);
      return undefined;
    },
    facts: () => [...breakers].map(([id, breaker]) => ({ id, breaker: breaker.snapshot() })),
    merge(facts) {
      for (const fact of facts) breakerOf(fact.id).merge(fact.breaker);
    },
  };
  return places;
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
