export { bundledCatalog } from './bundled.ts';
export type { Catalog, ProviderPrices } from './catalog.ts';
export { createCatalog } from './catalog.ts';
export type { CatalogChange, StalePrice } from './catalog-diff.ts';
export { diffCatalogs, findStalePrices } from './catalog-diff.ts';
export type { Candidate, CostComparison, MigrationEstimate } from './compare-costs.ts';
export { compareCosts, estimateMigration } from './compare-costs.ts';
export type { VolumeStep } from './compiled-version.ts';
export type { UsedVolume } from './condition.ts';
export type { PricingOptions } from './create-pricing.ts';
export { createPricing } from './create-pricing.ts';
export type { GatewayFeeQuestion } from './gateway-fee.ts';
export { gatewayFee } from './gateway-fee.ts';
export type { ListedModel, ListedPrice } from './list-models.ts';
export type { LiveList, LiveLists } from './live/live-lists.ts';
export { createLiveLists, liveLists } from './live/live-lists.ts';
export type { LivePrices, RefreshResult } from './live/live-prices.ts';
export type { OpenRouterPricesOptions } from './live/openrouter.ts';
export { createOpenRouterPrices } from './live/openrouter.ts';
export { parsePriceFile } from './parse-price-file.ts';
export type { PriceBook } from './price-book.ts';
export type { PricedComponent, PricedLine } from './price-line.ts';
export { priceLine } from './price-line.ts';
export type { PriceTier } from './price-tier.ts';
export type {
  Bound,
  BoundQuestion,
  EstimateQuestion,
  PricedModel,
  PriceQuestion,
  Pricing,
} from './pricing.ts';
export type { Assumptions } from './prospect.ts';
export type { Quote, QuoteRequest } from './quote.ts';
export { quote } from './quote.ts';
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
export type { VolumeDiscount } from './volume-discount.ts';
