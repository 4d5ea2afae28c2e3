import { amountOf, type Money } from '@genops/core';
import type { Recorder } from './metrics/measure.ts';

/**
 * What a choice between models came to. The results of `onOperation` of `@genops/skyrouter` have these
 * members: `adapter.onOperation((result) => telemetry.recordRouting({ provider: 'skyrouter', ...result }))`.
 */
export interface RoutingResult {
  readonly provider: string;
  readonly model?: string;
  /** By what it was made. */
  readonly route?: string;
  readonly routeEfficiencyScore?: number;
  readonly optimizationSavings?: Money;
}

/** Counts a choice that something else than the governor made. Without a score there was none to make. */
export function recordRouting(result: RoutingResult, record: Recorder): void {
  const { provider, model, route, routeEfficiencyScore, optimizationSavings } = result;
  if (routeEfficiencyScore === undefined) return;
  const facts = {
    operation: 'chat',
    provider,
    requestModel: model,
    model,
    strategy: route,
    skyRouterModel: provider === 'skyrouter' ? model : undefined,
  };
  record('genops.routing.decisions', 1, { ...facts, optimal: String(routeEfficiencyScore === 1) });
  record('genops.routing.efficiency', routeEfficiencyScore, facts);
  if (optimizationSavings?.currency !== 'USD') return;
  const savings = Number(amountOf(optimizationSavings));
  if (savings > 0) record('genops.routing.savings', savings, facts);
}
