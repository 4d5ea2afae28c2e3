export type { OpenRouterOptions } from './openrouter.ts';
export { createOpenRouter, openrouter } from './openrouter.ts';
export type { ProviderPreferences, RoutingParameters, RoutingWords } from './routing.ts';
export { openrouterRequest } from './routing.ts';
