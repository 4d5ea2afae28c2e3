import type { Meter } from '@genops/core';
import type { CompiledVersion } from './compiled-version.ts';
import { instantOf } from './find-prices.ts';
import type { LocatedModel } from './locate.ts';
import { type PriceTier, tierOf } from './price-tier.ts';
import type { PricedModelEntry } from './schema.ts';
import type { Sheet } from './sheet.ts';
import { segmentAt } from './timeline.ts';

/** What a model costs at an instant, and what it can do. */
export interface ListedModel extends Omit<PricedModelEntry, 'versions' | 'aliases'> {
  readonly provider: string;
  readonly aliases: readonly string[];
  readonly currency: string;
  /** By meter, at the standard tier, for a short prompt. */
  readonly prices: { readonly [M in Meter]?: ListedPrice };
  /** Absent for models that are not priced by tokens. */
  readonly tier?: PriceTier;
  /** Tiers that have prices of their own. */
  readonly serviceTiers: readonly string[];
  /** Id of the dated price. */
  readonly priceId?: string;
}

export interface ListedPrice {
  /** As exact decimal text. */
  readonly unitPrice: string;
  readonly per: string;
}

/** @returns undefined when no price holds at that instant */
export function listModel(located: LocatedModel, at: string): ListedModel | undefined {
  const { prices, reference } = segmentAt(located.segments, instantOf(at));
  if (prices === undefined) return undefined;
  const { versions: _, aliases = [], ...facts } = located.entry;
  const sheet = standardSheet(prices, instantOf(at), located.region);
  const tier = tierOf(sheet);
  return {
    ...facts,
    provider: located.provider,
    aliases,
    currency: prices.currency,
    prices: ownPrices(sheet),
    ...(tier && { tier }),
    serviceTiers: [...prices.serviceTiers],
    ...(reference && { priceId: reference.id }),
  };
}

/** What a short call at the standard tier is charged by. */
export function standardSheet(prices: CompiledVersion, at: number, region: string | undefined): Sheet {
  return prices.sheetFor({
    serviceTier: 'standard',
    speed: 'standard',
    region,
    options: undefined,
    promptTokens: 0,
    at,
    volume: undefined,
  });
}

function ownPrices(sheet: Sheet): ListedModel['prices'] {
  const prices: { [M in Meter]?: ListedPrice } = {};
  for (const [meter, rates] of Object.entries(sheet.rates) as [Meter, NonNullable<Sheet['rates'][Meter]>][]) {
    const [{ unitPrice, per, pricedAs }] = rates;
    if (pricedAs === undefined) prices[meter] = { unitPrice, per };
  }
  return prices;
}
