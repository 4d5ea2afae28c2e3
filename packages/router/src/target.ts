import type { Money } from '@genops/core';

/** What a request may ask of a model. */
export const capabilities = [
  'tools',
  'vision',
  'audio',
  'json_schema',
  'json_mode',
  'streaming',
  'reasoning',
  'prefill',
] as const;

export type Capability = (typeof capabilities)[number];

/** A place that could serve a call: a model at a provider, perhaps in a region, perhaps in a tier. */
export interface RouteTarget {
  /** Stable: `openai/gpt-4o`, `azure-openai/gpt-4o@eu`. */
  readonly id: string;
  readonly provider: string;
  /** As it is sent to the provider. */
  readonly model: string;
  readonly region?: string;
  readonly tier?: string;
  /** @default not known, which is noted and lets requests pass */
  readonly capabilities?: readonly Capability[];
  readonly contextTokens?: number;
  /** How good its answers are, 0 to 1. @default as published, see `QualityOptions` */
  readonly quality?: number;
  /** Does not keep what it is sent. */
  readonly zeroRetention?: boolean;
}

/** A target, with what this request would cost there. */
export interface PricedTarget {
  readonly target: RouteTarget;
  /** What the request will probably cost; absent where no price is known. */
  readonly cost?: Money;
  /** The most that it can come to. @default `cost` */
  readonly bound?: Money;
}

/** What the request needs, whoever serves it. */
export interface RequestNeeds {
  readonly capabilities?: readonly Capability[];
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** `provider/model`, and where they matter `@region` and `#tier`. */
export function targetId({ provider, model, region, tier }: Omit<RouteTarget, 'id'>): string {
  return `${provider}/${model}${region === undefined ? '' : `@${region}`}${tier === undefined ? '' : `#${tier}`}`;
}
