import { type BreakerChanged, ConfigurationError, type Routing } from '@genops/core';
import { type RunOptions, type RunResult, runAttempts, type Sleep } from './attempts/run-attempts.ts';
import type { Constraints } from './constraints.ts';
import type { PreferredRoute } from './decide-route.ts';
import type { BackOffOptions } from './failures/back-off.ts';
import type { BreakerOptions } from './failures/breaker.ts';
import type { ErrorClass } from './failures/error-classes.ts';
import { createRequestBlame } from './failures/request-blame.ts';
import type { WaitBounds } from './failures/retry-after.ts';
import { createRetryBudget, type RetryBudgetOptions } from './failures/retry-budget.ts';
import { createKeyPool, type KeyPool, type KeyPoolOptions } from './keys/key-pool.ts';
import type { StateTransition } from './keys/key-state.ts';
import { seededRandom } from './measure/random.ts';
import type { HealthPriors } from './measure/target-health.ts';
import { createPlaces } from './places.ts';
import { planRoute, type RoutePlan, type RouteRequest } from './plan.ts';
import { createQualityLookup, type QualityOptions } from './quality/quality.ts';
import { type Replayed, replay } from './replay.ts';
import { type Split, splitArm } from './split.ts';
import type { RouterState } from './state/facts.ts';
import type { RouterStateStore } from './state/store.ts';
import { createStickySessions, type StickyOptions } from './sticky.ts';
import { parseStrategyName, strategies } from './strategies/names.ts';
import type { Field, RouteCandidate, Strategy } from './strategies/strategy.ts';
import { type ObjectiveWeights, weighted } from './strategies/weighted.ts';

export interface RouterOptions {
  /** @default 'balanced' */
  readonly strategy?: string;
  /** Instead of a strategy: several objectives with their weights. */
  readonly weights?: ObjectiveWeights;
  /** For every request; a request's own constraints are added and win. */
  readonly constraints?: Constraints;
  readonly keys?: Omit<KeyPoolOptions, 'nowMs' | 'onTransition' | 'onBreaker'>;
  /** Of providers, of targets, and of keys unless `keys` says otherwise. */
  readonly breaker?: BreakerOptions;
  readonly priors?: HealthPriors;
  readonly retryBudget?: RetryBudgetOptions;
  readonly backOff?: BackOffOptions;
  readonly retryAfter?: WaitBounds;
  /** Lines that stand before the built-in table. */
  readonly errorClasses?: readonly ErrorClass[];
  /** @default 8 */
  readonly maxAttempts?: number;
  /** @default 10_000 */
  readonly maxWaitMs?: number;
  /** How long to wait for a first byte while there is somewhere else to go. @default half of what is left */
  readonly firstByteMs?: number;
  /** After how long without a first byte a second attempt starts beside the first. @default never */
  readonly hedgeAfterMs?: number;
  /**
   * What happens after a request that the provider may have worked on, and may bill, although nobody has an
   * answer (a timeout, a reset): it may be asked `elsewhere`, where another provider or model is configured,
   * and both are booked; or it is over. The same place is never asked again.
   *
   * @default 'elsewhere'
   */
  readonly whenUnanswered?: 'elsewhere' | 'stop';
  /** How good models are. @default as published, where it is */
  readonly quality?: QualityOptions;
  /** Sessions stay where they were served. @default they do */
  readonly sticky?: StickyOptions | false;
  readonly split?: Split;
  /** Decides what is drawn at random: the same seed, state and request give the same plan. @default made up */
  readonly seed?: string;
  readonly nowMs?: () => number;
  readonly sleep?: Sleep;
  readonly onTransition?: (transition: StateTransition) => void;
  /** Told when something fails too often to get traffic, and when it is back. */
  readonly onBreaker?: (change: BreakerChanged) => void;
}

/** What a custom strategy says: a score for each candidate, higher is better. */
export type ScoreFunction = (candidate: RouteCandidate, field: Field) => number;

/** Decides where calls go, and what happens when that fails. */
export interface Router {
  readonly keys: KeyPool;
  /** @param options.strategy - for this request instead of the router's */
  plan(request: RouteRequest, options?: { readonly strategy?: string }): RoutePlan;
  /** Makes the attempts of a plan. */
  run<Answer>(plan: RoutePlan, options: RunOptions<Answer>): Promise<RunResult<Answer>>;
  /** Makes a decision again out of its record, also with a strategy of one's own. */
  replay(record: Routing): Replayed;
  /** A strategy of one's own. What it says orders the routes that are allowed; it cannot allow others. */
  registerRoutingStrategy(name: string, score: ScoreFunction): void;
  /** What is known of keys and places, for other replicas. */
  state(): RouterState;
  merge(state: RouterState): void;
  /** Tells the other replicas, and takes over what they tell. */
  exchange(store: RouterStateStore, replica: string): Promise<void>;
}

/** How long the state of a replica that is gone counts. */
const stateLastsMs = 600_000;

/** @throws {ConfigurationError} for an unknown strategy, wrong weights or wrong shares */
export function createRouter(options: RouterOptions = {}): Router {
  const nowMs = options.nowMs ?? Date.now;
  const seed = options.seed ?? `${Math.random()}`;
  const custom = new Map<string, Strategy>();
  const usual =
    options.weights === undefined ? strategyOf(options.strategy ?? 'balanced') : weighted(options.weights);
  if (options.split !== undefined) splitArm(options.split, '');
  const pool = createKeyPool({
    ...(options.breaker !== undefined && { breaker: options.breaker }),
    ...options.keys,
    nowMs,
    ...(options.onTransition !== undefined && { onTransition: options.onTransition }),
    ...(options.onBreaker !== undefined && { onBreaker: options.onBreaker }),
  });
  const places = createPlaces({
    ...(options.breaker !== undefined && { breaker: options.breaker }),
    ...(options.priors !== undefined && { priors: options.priors }),
    ...(options.onBreaker !== undefined && { onBreaker: options.onBreaker }),
  });
  const sticky = options.sticky === false ? undefined : createStickySessions(options.sticky);
  const quality = createQualityLookup(options.quality);
  const budget = createRetryBudget(options.retryBudget);
  const blame = createRequestBlame();
  const runContext = {
    nowMs,
    pool,
    places,
    blame,
    budget,
    waits: options.retryAfter ?? {},
    table: options.errorClasses ?? [],
    sleep: options.sleep ?? sleep,
    backOff: options.backOff ?? {},
    maxAttempts: options.maxAttempts ?? 8,
    maxWaitMs: options.maxWaitMs ?? 10_000,
    firstByteMs: options.firstByteMs,
    hedgeAfterMs: options.hedgeAfterMs,
    whenUnanswered: options.whenUnanswered ?? 'elsewhere',
  };

  function strategyOf(name: string): Strategy {
    return custom.get(name) ?? strategies[parseStrategyName(name)];
  }

  const weighedBy = new WeakMap<ObjectiveWeights, Strategy>();
  /** What the request says, else what its route says, else what the router does. */
  const strategyFor = ({ rules }: RouteRequest, named: string | undefined): Strategy => {
    if (named !== undefined) return strategyOf(named);
    if (rules?.weights === undefined) return usual;
    const strategy = weighedBy.get(rules.weights) ?? weighted(rules.weights);
    weighedBy.set(rules.weights, strategy);
    return strategy;
  };

  const preferredOf = (request: RouteRequest): PreferredRoute | undefined => {
    const session = request.sessionId;
    const before = session === undefined ? undefined : stickyOf(request)?.find(session, nowMs());
    if (before !== undefined) return { ...before, why: 'sticky session' };
    const split = request.rules?.split ?? options.split;
    if (split === undefined) return undefined;
    return { targetId: splitArm(split, session ?? request.id), why: `split "${split.name}"` };
  };

  const stickyOf = ({ rules }: RouteRequest): typeof sticky => (rules?.sticky === false ? undefined : sticky);

  const router: Router = {
    keys: pool,
    plan(request, { strategy } = {}) {
      const preferred = preferredOf(request);
      const fallback = request.rules?.fallbackStrategy;
      const session = stickyOf(request) && request.sessionId;
      const constraints = { ...options.constraints, ...request.constraints };
      return planRoute(
        { ...request, constraints },
        {
          nowMs,
          pool,
          places,
          quality,
          strategy: strategyFor(request, strategy),
          random: seededRandom(`${seed}\n${request.id}`),
          ...(session !== undefined && { sessionRandom: () => seededRandom(`session\n${session}`) }),
          ...(preferred !== undefined && { preferred }),
          ...(fallback !== undefined && { fallback: strategyOf(fallback) }),
        },
      );
    },
    async run(plan, runOptions) {
      const random = seededRandom(`${seed}\n${plan.request.id}\nattempts`);
      const {
        errorClasses = [],
        maxAttempts,
        maxWaitMs,
        firstByteMs,
        hedgeAfterMs,
        whenUnanswered,
      } = plan.request.rules ?? {};
      const table = errorClasses.length === 0 ? runContext.table : [...errorClasses, ...runContext.table];
      const run = await runAttempts(plan, runOptions, {
        ...runContext,
        table,
        random,
        ...(maxAttempts !== undefined && { maxAttempts }),
        ...(maxWaitMs !== undefined && { maxWaitMs }),
        ...(firstByteMs !== undefined && { firstByteMs }),
        ...(hedgeAfterMs !== undefined && { hedgeAfterMs }),
        ...(whenUnanswered !== undefined && { whenUnanswered }),
      });
      const session = plan.request.sessionId;
      if (run.result === 'succeeded' && run.route !== undefined && session !== undefined) {
        const { target, keyId } = run.route;
        stickyOf(plan.request)?.remember(
          session,
          { targetId: target.id, ...(keyId !== undefined && { keyId }) },
          nowMs(),
        );
      }
      return run;
    },
    registerRoutingStrategy(name, score) {
      if (Object.hasOwn(strategies, name)) {
        throw new ConfigurationError('strategy', `"${name}" is the name of a built-in one`);
      }
      custom.set(name, {
        name,
        keys: 'load',
        score(candidate, field) {
          const value = score(candidate, field);
          if (Number.isFinite(value)) return value;
          throw new ConfigurationError(
            `strategy "${name}"`,
            `expected a number for "${candidate.target.id}", got ${value}`,
          );
        },
        reason: () => 'as it says',
      });
    },
    replay: (record) => {
      const own = custom.get(record.strategy);
      const fallback = custom.get(record.asked?.fallback ?? '');
      return replay(record, {
        ...(own !== undefined && { strategy: own }),
        ...(fallback !== undefined && { fallback }),
      });
    },
    state: () => {
      const sessions = sticky?.facts(nowMs()) ?? [];
      return {
        keys: pool.facts(),
        breakers: places.facts(),
        ...(sessions.length > 0 && { sessions }),
      };
    },
    merge(state) {
      pool.merge(state.keys);
      places.merge(state.breakers);
      sticky?.merge(state.sessions ?? [], nowMs());
    },
    async exchange(store, replica) {
      await store.put(replica, router.state(), stateLastsMs);
      for (const state of await store.others(replica)) router.merge(state);
    },
  };
  return router;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
