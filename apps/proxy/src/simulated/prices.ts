import { type PriceFile, parsePriceFile } from '@genops/pricing';
import { simulatedModels } from './provider.ts';

/** Made-up prices of made-up models, so that budgets can be tried. */
export const simulatedPrices: PriceFile = parsePriceFile({});
void simulatedModels;
