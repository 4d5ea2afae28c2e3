import type { Meter } from '@genops/core';
import type { Catalog } from './catalog.ts';
import { instantOf } from './find-prices.ts';
import type { PricedModelEntry, PriceVersion, Rate, RateGroup } from './schema.ts';

/** One difference between two catalogues. */
export type CatalogChange =
  | { readonly change: 'added' | 'removed'; readonly provider: string; readonly model: string }
  | {
      readonly change: 'repriced';
      readonly provider: string;
      readonly model: string;
      /** Which price, since when and under which conditions: `input`, `output from 2026-08-21T00:00:00Z`. */
      readonly price: string;
      /** As written: `2.5 per 1000000`; absent when there was none. */
      readonly before?: string;
      /** Absent when there is none any more. */
      readonly after?: string;
    };

/** What changed from one catalogue to another, by provider and model. */
export function diffCatalogs(before: Catalog, after: Catalog): readonly CatalogChange[] {
  const providers = [...new Set([...before.providers, ...after.providers])].sort();
  return providers.flatMap((provider) => {
    const [older, newer] = [entriesOf(before, provider), entriesOf(after, provider)];
    const models = [...new Set([...older.keys(), ...newer.keys()])].sort();
    return models.flatMap((model) => diffModel(provider, model, older.get(model), newer.get(model)));
  });
}

function entriesOf(catalog: Catalog, provider: string): ReadonlyMap<string, PricedModelEntry> {
  const models = catalog.provider(provider)?.file.models ?? [];
  return new Map(models.map((entry) => [entry.model, entry]));
}

function diffModel(
  provider: string,
  model: string,
  older: PricedModelEntry | undefined,
  newer: PricedModelEntry | undefined,
): readonly CatalogChange[] {
  if (older === undefined) return [{ change: 'added', provider, model }];
  if (newer === undefined) return [{ change: 'removed', provider, model }];
  const [left, right] = [pricesOf(older), pricesOf(newer)];
  const prices = [...new Set([...left.keys(), ...right.keys()])];
  return prices
    .filter((price) => left.get(price) !== right.get(price))
    .map((price) => {
      const [was, is] = [left.get(price), right.get(price)];
      return {
        change: 'repriced',
        provider,
        model,
        price,
        ...(was !== undefined && { before: was }),
        ...(is !== undefined && { after: is }),
      };
    });
}

/** Every price of a model by what it is for. */
function pricesOf({ versions }: PricedModelEntry): ReadonlyMap<string, string> {
  const prices = new Map<string, string>();
  for (const version of versions) {
    const since = version.validFrom === undefined ? '' : ` from ${version.validFrom}`;
    const until = version.validTo === undefined ? '' : ` until ${version.validTo}`;
    const put = (what: string, when: RateGroup['when'], value: string): void => {
      const condition = when === undefined ? '' : ` when ${JSON.stringify(when)}`;
      prices.set(`${what}${since}${until}${condition}`, value);
    };
    if (version.free) put('free', undefined, 'true');
    for (const group of version.rates ?? []) {
      for (const [meter, rate] of ratesOf(group)) put(meter, group.when, rateText(rate));
    }
    for (const { stage, when, factor } of version.modifiers ?? []) put(`${stage} factor`, when, factor);
  }
  return prices;
}

function ratesOf({ when: _when, source: _source, ...rates }: RateGroup): readonly (readonly [Meter, Rate])[] {
  return Object.entries(rates) as [Meter, Rate][];
}

function rateText(rate: Rate): string {
  if (typeof rate === 'string') return rate;
  const { amount, per, minimumQuantity, quantityRounding } = rate;
  const parts = [
    per && `per ${per}`,
    minimumQuantity && `at least ${minimumQuantity}`,
    quantityRounding && `by ${quantityRounding}`,
  ];
  return [amount, ...parts.filter((part) => part !== undefined)].join(' ');
}

/** A price that nobody has looked at for long. */
export interface StalePrice {
  readonly provider: string;
  readonly model: string;
  readonly retrievedAt: string;
  /** Whole days. */
  readonly ageDays: number;
}

/**
 * Prices in force whose source was last looked at more than `maxAgeDays` ago, the oldest first.
 *
 * @throws {ConfigurationError} when `at` is not an instant
 */
export function findStalePrices(
  catalog: Catalog,
  options: { readonly at: string; readonly maxAgeDays: number; readonly provider?: string },
): readonly StalePrice[] {
  const at = instantOf(options.at);
  const providers = options.provider === undefined ? catalog.providers : [options.provider];
  return providers
    .flatMap((provider) => {
      const file = catalog.provider(provider)?.file;
      return (file?.models ?? []).flatMap(({ model, versions }) => {
        const source = versionAt(versions, at)?.source;
        const retrievedAt = source === undefined ? undefined : file?.sources?.[source]?.retrievedAt;
        if (retrievedAt === undefined) return [];
        const ageDays = Math.floor((at - Date.parse(retrievedAt)) / 86_400_000);
        return ageDays > options.maxAgeDays ? [{ provider, model, retrievedAt, ageDays }] : [];
      });
    })
    .sort((left, right) => right.ageDays - left.ageDays);
}

function versionAt(versions: readonly PriceVersion[], at: number): PriceVersion | undefined {
  return versions.findLast(
    ({ validFrom, validTo }) =>
      (validFrom === undefined || Date.parse(validFrom) <= at) &&
      (validTo === undefined || at < Date.parse(validTo)),
  );
}
