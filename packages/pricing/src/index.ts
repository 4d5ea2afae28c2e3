export { bundledCatalog } from './bundled.ts';
export type { Catalog, ProviderPrices } from './catalog.ts';
export { createCatalog } from './catalog.ts';
export type { PricingOptions } from './create-pricing.ts';
export { createPricing } from './create-pricing.ts';
export { parsePriceFile } from './parse-price-file.ts';
export type {
  Bound,
  BoundQuestion,
  EstimateQuestion,
  PricedModel,
  PriceQuestion,
  Pricing,
} from './pricing.ts';
export type { Assumptions } from './prospect.ts';
export type {
  GatewayFee,
  Modifier,
  PricedModelEntry,
  PriceFile,
  PriceSource,
  PriceVersion,
  Rate,
  RateGroup,
  When,
} from './schema.ts';
export { priceFileSchema } from './schema.ts';
