import type { MeterQuantities, UnpricedReason } from '@genops/core';
import type { Catalog, ProviderPrices } from './catalog.ts';
import { type NameCandidate, nameCandidates } from './model-names.ts';
import type { PricedModelEntry } from './schema.ts';
import { type Listing, layTimeline, type Segment } from './timeline.ts';

/** A model found in the catalogues. */
export interface LocatedModel {
  readonly result: 'located';
  /** Canonical id of the provider whose listing it is. */
  readonly provider: string;
  /** As the catalogue spells it. */
  readonly model: string;
  /** Facts of the model: limits, release date. */
  readonly entry: PricedModelEntry;
  readonly segments: readonly [Segment, ...Segment[]];
  /** What the name said besides the model. */
  readonly region: string | undefined;
  readonly assumed: MeterQuantities | undefined;
  readonly warnings: readonly string[];
}

export interface NotLocated {
  readonly result: 'not_located';
  readonly reason: Extract<UnpricedReason, 'unknown_provider' | 'unknown_model'>;
  readonly message: string;
}

/**
 * Finds a model by the longest of its names that any catalogue lists.
 *
 * @param catalogs - the first on top
 */
export function locateModel(
  catalogs: readonly Catalog[],
  provider: string,
  model: string,
): LocatedModel | NotLocated {
  const files = filesOf(catalogs, provider);
  if (files.length === 0) {
    return {
      result: 'not_located',
      reason: 'unknown_provider',
      message: `No prices are known for provider "${provider}"`,
    };
  }
  const meant = files
    .map(({ prices }) => prices.file.deployments?.[model])
    .find((name) => name !== undefined);
  const own = locateAt(catalogs, provider, meant ?? model);
  if (own !== undefined) return own;
  for (const { prices } of files) {
    for (const target of prices.file.passThrough ? targetsIn(model) : []) {
      const meantModel = locateAt(catalogs, target.provider, target.model);
      if (meantModel !== undefined) return meantModel;
    }
    for (const other of prices.file.pricedAs ?? []) {
      const elsewhere = locateAt(catalogs, other, meant ?? model);
      if (elsewhere !== undefined) {
        const warning = `"${provider}" does not list "${model}": priced as ${elsewhere.provider}/${elsewhere.model}`;
        return { ...elsewhere, warnings: [...elsewhere.warnings, warning] };
      }
    }
  }
  return {
    result: 'not_located',
    reason: 'unknown_model',
    message: `No price is known for model "${model}" of provider "${provider}"`,
  };
}

/** What `openai/gpt-4o`, `gpt-4o/openai` and `gpt-4o/openai/our-deployment` may mean. */
function targetsIn(name: string): readonly { readonly provider: string; readonly model: string }[] {
  const parts = name.split('/');
  const at = (index: number, length: number) => ({
    provider: parts[index] as string,
    model: parts.slice(index === 0 ? 1 : 0, length).join('/'),
  });
  if (parts.length < 2) return [];
  return [
    at(0, parts.length),
    at(parts.length - 1, parts.length - 1),
    at(parts.length - 2, parts.length - 2),
  ];
}

interface Found {
  readonly catalog: Catalog;
  readonly prices: ProviderPrices;
}

/** What each catalogue says of a provider, whichever of its ids is used. */
function filesOf(catalogs: readonly Catalog[], provider: string): readonly Found[] {
  const ids = new Set([provider]);
  for (const catalog of catalogs) ids.add(catalog.provider(provider)?.file.provider ?? provider);
  return catalogs.flatMap((catalog) => {
    const prices = [...ids].map((id) => catalog.provider(id)).find((found) => found !== undefined);
    return prices === undefined ? [] : [{ catalog, prices }];
  });
}

function locateAt(catalogs: readonly Catalog[], provider: string, model: string): LocatedModel | undefined {
  const files = filesOf(catalogs, provider);
  const id = files.at(-1)?.prices.file.provider ?? provider;
  for (const candidate of nameCandidates(id, model)) {
    const hits = files.flatMap(({ catalog, prices }) => {
      const entry = prices.find(candidate.name);
      return entry === undefined ? [] : [{ catalog, file: prices.file, entry }];
    });
    const lowest = hits.at(-1);
    if (lowest === undefined) continue;
    // Whatever name was used, prices put on the catalogue's own name of the model hold too, and so do those on `*`.
    const listings = files.flatMap(({ catalog, prices }): Listing[] => {
      const entry = prices.find(candidate.name) ?? prices.find(lowest.entry.model);
      const all = prices.find('*');
      return [entry, all].flatMap((found) => (found ? [{ catalog, file: prices.file, entry: found }] : []));
    });
    return located(lowest, listings, candidate, model);
  }
  return locateAll(files, model);
}

/** A provider all of whose models cost the same. */
function locateAll(files: readonly Found[], model: string): LocatedModel | undefined {
  const listings = files.flatMap(({ catalog, prices }) => {
    const entry = prices.find('*');
    return entry === undefined ? [] : [{ catalog, file: prices.file, entry }];
  });
  const lowest = listings.findLast(({ entry }) => entry.versions.some(({ rates, free }) => rates ?? free));
  return lowest && located(lowest, listings, { name: model }, model);
}

function located(
  { file, entry }: Listing,
  listings: readonly Listing[],
  { region, assumed, undated }: NameCandidate,
  model: string,
): LocatedModel {
  return {
    result: 'located',
    provider: file.provider,
    model: entry.model,
    entry,
    segments: layTimeline(listings),
    region,
    assumed,
    // A dated model can have a price of its own, so taking its date off is worth saying.
    warnings: undated ? [`"${model}" is not listed: priced as "${entry.model}"`] : [],
  };
}
