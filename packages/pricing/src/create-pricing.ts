import type { Cost } from '@genops/core';
import { bundledCatalog } from './bundled.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import { estimateCall } from './estimate.ts';
import { type Locate, unpriced } from './find-prices.ts';
import { type GatewayFeeQuestion, gatewayFee } from './gateway-fee.ts';
import { type ListedModel, listModel } from './list-models.ts';
import type { LivePrices } from './live/live-prices.ts';
import { type LocatedModel, locateModel } from './locate.ts';
import { priceCall } from './price.ts';
import type { PriceBook } from './price-book.ts';
import { type Assumptions, usualAssumptions } from './prospect.ts';
import type { PriceFile } from './schema.ts';
import { boundCall } from './upper-bound.ts';
import { findVolumeDiscount } from './volume-discount.ts';

export interface PricingOptions {
  /** What everything is priced by at last. @default the prices that come with this package */
  readonly catalog?: Catalog;
  /** Prices of one's own, the first on top: contracts, private deployments, margins. */
  readonly overrides?: readonly PriceFile[];
  /** Prices that are refreshed while the program runs, between overrides and catalogue. */
  readonly live?: readonly LivePrices[];
  /** What bounds and estimates assume where nothing is known. */
  readonly assumptions?: Partial<Assumptions>;
}

/** Answers remembered for each provider; names come from callers, so there has to be an end. */
const rememberedModels = 10_000;

/**
 * Makes the prices ready for use. Looking a model up is done once for each name; after that a question
 * touches nothing but its own price.
 */
export function createPricing(options: PricingOptions = {}): PriceBook {
  const { catalog = bundledCatalog(), overrides = [], live = [] } = options;
  const own = overrides.map((file) => createCatalog([file]));
  const catalogs = (): readonly Catalog[] => [
    ...own,
    ...live.flatMap((prices) => prices.current() ?? []),
    catalog,
  ];
  const assumptions = { ...usualAssumptions, ...options.assumptions };
  const locate = live.length === 0 ? rememberLocated(catalogs()) : followLive(live, catalogs);
  return {
    price: (question) => priceCall(locate, question),
    upperBound: (question) => boundCall(locate, assumptions, question),
    estimate: (question) => estimateCall(locate, assumptions, question),
    gatewayFee: (question) => feeOf(catalogs(), question),
    providers: [...new Set(catalogs().flatMap(({ providers }) => providers))].sort(),
    models: (provider, at) => listModels(catalogs(), locate, provider, at),
    model(provider, model, at) {
      const located = locate(provider, model);
      return located.result === 'located' ? listModel(located, at) : undefined;
    },
    volumeDiscount: (question) => findVolumeDiscount(locate, question),
  };
}

/** Forgets what was located whenever live prices have changed. */
function followLive(live: readonly LivePrices[], catalogs: () => readonly Catalog[]): Locate {
  let seen: readonly (Catalog | undefined)[] = [];
  let locate = rememberLocated(catalogs());
  return (provider, model) => {
    const current = live.map((prices) => prices.current());
    if (current.some((catalog, index) => catalog !== seen[index])) {
      seen = current;
      locate = rememberLocated(catalogs());
    }
    return locate(provider, model);
  };
}

function rememberLocated(catalogs: readonly Catalog[]): Locate {
  type Located = LocatedModel | ReturnType<typeof unpriced>;
  const byProvider = new Map<string, Map<string, Located>>();
  return (provider, model) => {
    let models = byProvider.get(provider);
    let found = models?.get(model);
    if (found !== undefined) return found;
    const located = locateModel(catalogs, provider, model);
    found = located.result === 'located' ? located : unpriced(located.reason, located.message);
    if (models === undefined || models.size >= rememberedModels) {
      models = new Map();
      if (byProvider.size >= rememberedModels) byProvider.clear();
      byProvider.set(provider, models);
    }
    models.set(model, found);
    return found;
  };
}

function listModels(
  catalogs: readonly Catalog[],
  locate: Locate,
  provider: string,
  at: string,
): readonly ListedModel[] {
  const names = catalogs
    .flatMap((catalog) => catalog.provider(provider)?.file.models ?? [])
    .map(({ model }) => model);
  return [...new Set(names)].flatMap((name) => {
    const located = name === '*' ? undefined : locate(provider, name);
    return located?.result === 'located' ? (listModel(located, at) ?? []) : [];
  });
}

/** The fee by the topmost catalogue that has one. */
function feeOf(catalogs: readonly Catalog[], question: GatewayFeeQuestion): Cost {
  const answers = catalogs.map((catalog) => gatewayFee({ ...question, catalog }));
  const priced = answers.find(({ result }) => result === 'priced');
  return priced ?? (answers.at(-1) as Cost);
}
