export type {
  AttemptContext,
  AttemptEnd,
  AttemptKind,
  AttemptOnce,
  AttemptRecord,
} from './attempts/attempt.ts';
export type { RunOptions, RunResult, Sleep } from './attempts/run-attempts.ts';
export type { Constraints, Measured } from './constraints.ts';
export type { Preferences } from './decide-route.ts';
export { optimizationSavings, routeEfficiency } from './efficiency.ts';
export type { BackOffOptions } from './failures/back-off.ts';
export type { BreakerOptions, BreakerSnapshot, BreakerState } from './failures/breaker.ts';
export type { Blame, ErrorClass, KeyEffect, Next } from './failures/error-classes.ts';
export { classify, errorClasses } from './failures/error-classes.ts';
export type { Failure, FailureWords, Headers } from './failures/failure.ts';
export { wordsOf } from './failures/failure.ts';
export type { WaitBounds } from './failures/retry-after.ts';
export { retryAfterMs } from './failures/retry-after.ts';
export type { RetryBudgetOptions } from './failures/retry-budget.ts';
export type { KeyQuestion, RestingKey } from './keys/cell.ts';
export type { KeyPreference } from './keys/draw-key.ts';
export type { KeyMetadata, KeyView } from './keys/key.ts';
export type {
  FirstKeyQuestion,
  KeyPool,
  KeyPoolOptions,
  KeyRegistration,
  SetStateOptions,
  TargetKeys,
} from './keys/key-pool.ts';
export type { KeyState, StateTransition } from './keys/key-state.ts';
export { keyStates, keyTransitions, parseKeyState } from './keys/key-state.ts';
export type { KeyLease, KeyOutcome } from './keys/lease.ts';
export type { SealedSecret, Vault, VaultOptions } from './keys/vault.ts';
export { createVault } from './keys/vault.ts';
export type { Random } from './measure/random.ts';
export { seededRandom } from './measure/random.ts';
export type { HealthPriors } from './measure/target-health.ts';
export { matchesPattern, nameTest } from './patterns.ts';
export type { PlannedRoute, RejectedRoute, RoutePlan, RouteRequest, RouteRules } from './plan.ts';
export { aiderPolyglot } from './quality/aider-polyglot.ts';
export type { Quality, QualityOptions } from './quality/quality.ts';
export type { RateLimitSignal } from './quota/learn.ts';
export { genericSignals, learnWindows, rateLimitSignals } from './quota/learn.ts';
export type { Prediction } from './quota/prediction.ts';
export type {
  CapacityState,
  CapacityThresholds,
  QuotaNeed,
  QuotaOptions,
  QuotaState,
} from './quota/quota.ts';
export type { QuotaConfiguration, QuotaPeriod, QuotaUnit, QuotaWindow } from './quota/window.ts';
export { recordOf } from './record.ts';
export type { Replayed, ReplayOptions } from './replay.ts';
export { replay } from './replay.ts';
export type { Router, RouterOptions, ScoreFunction } from './router.ts';
export { createRouter } from './router.ts';
export type { Split } from './split.ts';
export { inShare, splitArm } from './split.ts';
export type { BreakerFact, KeyFact, RouterState, SessionFact } from './state/facts.ts';
export type { RouterStateStore } from './state/store.ts';
export { createMemoryStateStore } from './state/store.ts';
export type { StickyOptions } from './sticky.ts';
export type { StrategyName } from './strategies/names.ts';
export { parseStrategyName, strategies, strategyAliases } from './strategies/names.ts';
export type { Field, RouteCandidate, Strategy } from './strategies/strategy.ts';
export type { Objective, ObjectiveWeights } from './strategies/weighted.ts';
export { weighted } from './strategies/weighted.ts';
export type { Capability, PricedTarget, RequestNeeds, RouteTarget } from './target.ts';
export { capabilities, targetId } from './target.ts';
