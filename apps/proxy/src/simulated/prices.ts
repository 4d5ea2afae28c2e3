import { type PriceFile, parsePriceFile } from '@genops/pricing';
import type { simulatedModels } from './provider.ts';

/** Made-up prices of made-up models, in USD per million tokens, so that budgets can be tried. */
const prices: Readonly<
  Record<(typeof simulatedModels)[number], { readonly input: string; readonly output: string }>
> = {
  'simulated-small': { input: '0.15', output: '0.60' },
  'simulated-large': { input: '2.50', output: '10.00' },
};

export const simulatedPrices: PriceFile = parsePriceFile({
  provider: 'simulated',
  models: Object.entries(prices).map(([model, rates]) => ({
    model,
    contextTokens: 128_000,
    maxOutputTokens: 1_024,
    versions: [{ rates: [rates] }],
  })),
});
