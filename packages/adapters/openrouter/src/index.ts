export type { OpenRouterOptions } from './openrouter.ts';
export { createOpenRouter, openrouter, openrouterAppHeaders } from './openrouter.ts';
export type { ProviderPreferences, RoutingParameters, RoutingWords } from './routing.ts';
export { openrouterRequest } from './routing.ts';
export type {
  GovernedFields,
  InstrumentedOpenRouter,
  InstrumentOptions,
  OpenRouterClient,
} from './seed/instrument.ts';
export { instrumentOpenRouter } from './seed/instrument.ts';
export type { CostBreakdown, CostQuestion, PricedModel, PriceList, SelectionOptions } from './seed/prices.ts';
export {
  calculateOpenRouterCost,
  estimateCostForText,
  getCostBreakdown,
  getSupportedModels,
  selectModel,
} from './seed/prices.ts';
