import type { Cost } from '@genops/core';
import type { GatewayFeeQuestion } from './gateway-fee.ts';
import type { ListedModel } from './list-models.ts';
import type { PricedModel, Pricing } from './pricing.ts';
import type { VolumeDiscount } from './volume-discount.ts';

/** Pricing, and what else the catalogue knows. */
export interface PriceBook extends Pricing {
  /** What a gateway takes for itself. */
  gatewayFee(question: GatewayFeeQuestion): Cost;
  /** Ids of all providers, without aliases. */
  readonly providers: readonly string[];
  /** Every model of a provider with its prices at an instant; empty when the provider is not known. */
  models(provider: string, at: string): readonly ListedModel[];
  /** One model by any of its names. */
  model(provider: string, model: string, at: string): ListedModel | undefined;
  /** Where an account stands in a contract whose prices fall with volume. */
  volumeDiscount(question: PricedModel): VolumeDiscount;
}
