import {
  ConfigurationError,
  type Cost,
  describe,
  type PriceReference,
  type UnpricedReason,
} from '@genops/core';
import type { CompiledVersion } from './compiled-version.ts';
import { normalName } from './condition.ts';
import type { LocatedModel } from './locate.ts';
import type { PricedModel } from './pricing.ts';
import { type SegmentReference, segmentAt } from './timeline.ts';

type UnpricedCost = Extract<Cost, { result: 'unpriced' }>;

/** Where a model's prices are found, by provider and name. */
export type Locate = (provider: string, model: string) => LocatedModel | UnpricedCost;

/** The prices of one model at one instant. */
export interface FoundPrices {
  readonly result: 'found';
  readonly located: LocatedModel;
  readonly prices: CompiledVersion;
  readonly reference: SegmentReference | undefined;
  /** The instant in milliseconds since 1970. */
  readonly at: number;
}

export function findPrices(locate: Locate, question: PricedModel): FoundPrices | UnpricedCost {
  const located = locate(question.provider, question.model);
  if (located.result === 'unpriced') return located;
  const at = instantOf(question.at);
  const { prices, reference } = segmentAt(located.segments, at);
  if (prices === undefined) {
    return unpriced('unknown_rate', `No price of ${nameOf(located)} is known for ${question.at}`);
  }
  return { result: 'found', located, prices, reference, at };
}

export function nameOf({ provider, model }: LocatedModel): string {
  return `${provider}/${model}`;
}

/** The region asked about, else the one that the model's name carries. */
export function regionOf({ region }: PricedModel, located: LocatedModel): string | undefined {
  const named = region === undefined || region === 'not_available' ? located.region : region;
  return named === undefined ? undefined : normalName(named);
}

/** @throws {ConfigurationError} when it is not an instant */
export function instantOf(at: string): number {
  const milliseconds = Date.parse(at);
  if (Number.isNaN(milliseconds)) {
    throw new ConfigurationError(
      'at',
      `expected an instant such as "2026-08-16T16:00:00Z", got ${describe(at)}`,
    );
  }
  return milliseconds;
}

/** The reference as it stands on a cost; how old the price is depends on when it is used. */
export function referenceAt(reference: SegmentReference, at: number, atText: string): PriceReference {
  const { id, catalog, retrievedAt } = reference;
  if (retrievedAt === undefined) return { id, catalog, retrievedAt: atText, ageDays: 0 };
  const ageDays = Math.max(0, Math.floor((at - retrievedAt.milliseconds) / dayMs));
  return { id, catalog, retrievedAt: retrievedAt.text, ageDays };
}

const dayMs = 86_400_000;

export function noRate(located: LocatedModel, what: string): UnpricedCost {
  return unpriced('unknown_rate', `No price of ${nameOf(located)} is known for ${what}`);
}

export function unpriced(reason: UnpricedReason, message: string): UnpricedCost {
  return { result: 'unpriced', reason, message };
}
