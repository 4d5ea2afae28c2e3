import type { LivePrices } from './live-prices.ts';
import { createOpenRouterPrices, type OpenRouterPricesOptions } from './openrouter.ts';

/** Providers with a list of prices that can be asked for while a program runs, by name. */
export const liveLists = ['openrouter'] as const;

export type LiveList = (typeof liveLists)[number];

/** The live prices of a provider at an address; the same for the same address, however often it is asked. */
export type LiveLists = (name: LiveList, baseUrl: string) => LivePrices;

/** Opens live lists by name; nothing is asked for before the first price is. */
export function createLiveLists(options: Omit<OpenRouterPricesOptions, 'url'>): LiveLists {
  const byAddress = new Map<string, LivePrices>();
  return (name, baseUrl) => {
    const address = `${name} ${baseUrl}`;
    let prices = byAddress.get(address);
    if (prices === undefined) {
      prices = createOpenRouterPrices({ ...options, url: `${baseUrl}/models` });
      byAddress.set(address, prices);
    }
    return prices;
  };
}
