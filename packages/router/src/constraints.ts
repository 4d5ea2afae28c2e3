import { compareMoney, formatMoney, type Money } from '@genops/core';
import { matchesPattern } from './patterns.ts';
import type { Quality } from './quality/quality.ts';
import type { Capability, PricedTarget, RequestNeeds } from './target.ts';

/** What a route must be. Each of these filters; none of them is a wish. */
export interface Constraints {
  readonly allowedProviders?: readonly string[];
  readonly blockedProviders?: readonly string[];
  /** `*` stands for any run of characters. */
  readonly allowedModels?: readonly string[];
  readonly blockedModels?: readonly string[];
  readonly regions?: readonly string[];
  readonly tiers?: readonly string[];
  readonly zeroRetention?: boolean;
  /** What a model must be known to do, whether a request asks for it or not. */
  readonly capabilities?: readonly Capability[];
  /** How long a context must be known to be at least, whatever a request needs. */
  readonly minContextTokens?: number;
  /** The most that this request can come to. A target without a price does not keep it. */
  readonly maxCost?: Money;
  /** Measured, 0 to 1. */
  readonly minSuccessRate?: number;
  /** 0 to 1. A target whose quality is not known does not keep it. */
  readonly minQuality?: number;
  /** Measured, to the first token for streams, else to the end. */
  readonly maxLatencyMs?: number;
}

/** What was measured of a target, as far as constraints and strategies look at it. */
export interface Measured {
  readonly latencyMs: number;
  readonly timeToFirstTokenMs: number;
  /** 0 to 1. */
  readonly successRate: number;
  readonly inFlight: number;
  readonly uses: number;
}

interface Case {
  readonly priced: PricedTarget;
  readonly needs: RequestNeeds;
  readonly constraints: Constraints;
  readonly measured: Measured;
  /** Absent where it is not known. */
  readonly quality: Quality | undefined;
  readonly stream: boolean;
}

/** One constraint: says what is wrong with a target, or nothing. */
type Check = (at: Case) => string | undefined;

const checks: readonly Check[] = [
  ({ priced: { target }, constraints }) =>
    listed(constraints.blockedProviders, target.provider)
      ? `provider "${target.provider}" is blocked`
      : undefined,
  ({ priced: { target }, constraints }) =>
    constraints.allowedProviders !== undefined && !constraints.allowedProviders.includes(target.provider)
      ? `provider "${target.provider}" is not allowed`
      : undefined,
  ({ priced: { target }, constraints }) =>
    constraints.blockedModels?.some((pattern) => matchesPattern(pattern, target.model))
      ? `model "${target.model}" is blocked`
      : undefined,
  ({ priced: { target }, constraints }) =>
    constraints.allowedModels !== undefined &&
    !constraints.allowedModels.some((pattern) => matchesPattern(pattern, target.model))
      ? `model "${target.model}" is not allowed`
      : undefined,
  ({ priced: { target }, constraints }) =>
    constraints.regions !== undefined && !listed(constraints.regions, target.region)
      ? `region ${target.region ?? 'not known'}; allowed are ${constraints.regions.join(', ')}`
      : undefined,
  ({ priced: { target }, constraints }) =>
    constraints.tiers !== undefined && !listed(constraints.tiers, target.tier)
      ? `tier ${target.tier ?? 'not known'}; allowed are ${constraints.tiers.join(', ')}`
      : undefined,
  ({ priced: { target }, constraints }) =>
    constraints.zeroRetention && target.zeroRetention !== true ? 'may keep what it is sent' : undefined,
  ({ priced: { target }, needs }) => {
    const missing = needs.capabilities?.filter((need) => target.capabilities?.includes(need) === false) ?? [];
    return missing.length > 0 ? `cannot do ${missing.join(', ')}` : undefined;
  },
  ({ priced: { target }, needs }) =>
    target.contextTokens !== undefined && needs.inputTokens + needs.outputTokens > target.contextTokens
      ? `context of ${target.contextTokens} tokens; ${needs.inputTokens + needs.outputTokens} needed`
      : undefined,
  ({ priced: { target }, constraints: { capabilities } }) => {
    const missing = capabilities?.filter((wanted) => target.capabilities?.includes(wanted) !== true) ?? [];
    return missing.length > 0 ? `not known to do ${missing.join(', ')}` : undefined;
  },
  ({ priced: { target }, constraints: { minContextTokens } }) =>
    minContextTokens !== undefined && (target.contextTokens ?? 0) < minContextTokens
      ? `context of ${target.contextTokens ?? 'unknown length'}; at least ${minContextTokens} tokens asked for`
      : undefined,
  ({ priced, constraints: { maxCost } }) => {
    const cost = priced.bound ?? priced.cost;
    if (maxCost === undefined) return undefined;
    if (cost === undefined) return `no known price; at most ${formatMoney(maxCost)} allowed`;
    return compareMoney(cost, maxCost) > 0
      ? `costs ${formatMoney(cost)}; at most ${formatMoney(maxCost)} allowed`
      : undefined;
  },
  ({ measured, constraints: { minSuccessRate } }) =>
    minSuccessRate !== undefined && measured.successRate < minSuccessRate
      ? `success rate ${measured.successRate.toFixed(3)}; at least ${minSuccessRate} asked for`
      : undefined,
  ({ quality, constraints: { minQuality } }) =>
    minQuality !== undefined && (quality === undefined || quality.value < minQuality)
      ? `quality ${quality?.value ?? 'not known'}; at least ${minQuality} asked for`
      : undefined,
  ({ measured, stream, constraints: { maxLatencyMs } }) => {
    const latencyMs = stream ? measured.timeToFirstTokenMs : measured.latencyMs;
    return maxLatencyMs !== undefined && latencyMs > maxLatencyMs
      ? `answers in ${Math.round(latencyMs)} ms; at most ${maxLatencyMs} ms asked for`
      : undefined;
  },
];

/** The first constraint that a target does not keep, in words; undefined when it keeps all. */
export function violated(at: Case): string | undefined {
  for (const check of checks) {
    const reason = check(at);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function listed(list: readonly string[] | undefined, value: string | undefined): boolean {
  return value !== undefined && list?.includes(value) === true;
}
