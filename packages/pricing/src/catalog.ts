import { createHash } from 'node:crypto';
import { ConfigurationError } from '@genops/core';
import { spelling } from './model-names.ts';
import type { PricedModelEntry, PriceFile } from './schema.ts';

/** Prices of many providers. Each provider's are loaded and indexed when first asked for. */
export interface Catalog {
  /** Of its content. */
  readonly hash: string;
  /** Ids of all providers, without aliases. */
  readonly providers: readonly string[];
  /** By id or alias. */
  provider(id: string): ProviderPrices | undefined;
}

/** One provider's prices, indexed by every exact name of its models. */
export interface ProviderPrices {
  readonly file: PriceFile;
  /** By an exact name, an alias, or another spelling of one that no other model shares. */
  find(name: string): PricedModelEntry | undefined;
}

/** A catalogue as it lies on disk: its table of contents, and how to get at the rest. */
export interface CatalogSource {
  readonly hash: string;
  readonly providers: readonly { readonly provider: string; readonly aliases?: readonly string[] }[];
  load(provider: string): PriceFile;
}

export function openCatalog(source: CatalogSource): Catalog {
  const ids = new Map<string, string>();
  for (const { provider, aliases = [] } of source.providers) {
    for (const id of aliases) if (!ids.has(id)) ids.set(id, provider);
  }
  for (const { provider } of source.providers) ids.set(provider, provider);
  const loaded = new Map<string, ProviderPrices>();
  return {
    hash: source.hash,
    providers: source.providers.map(({ provider }) => provider),
    provider(id) {
      const provider = ids.get(id);
      if (provider === undefined) return undefined;
      let prices = loaded.get(provider);
      if (prices === undefined) {
        prices = indexModels(source.load(provider));
        loaded.set(provider, prices);
      }
      return prices;
    },
  };
}

/**
 * A catalogue of price files that are already in memory.
 *
 * @throws {ConfigurationError} when two files are about the same provider
 */
export function createCatalog(files: readonly PriceFile[]): Catalog {
  const byProvider = new Map<string, PriceFile>();
  for (const file of files) {
    if (byProvider.has(file.provider)) {
      throw new ConfigurationError(
        'prices',
        `expected one file for each provider, got two for "${file.provider}"`,
      );
    }
    byProvider.set(file.provider, file);
  }
  return openCatalog({
    hash: hashOf(JSON.stringify(files)),
    providers: files.map(({ provider, aliases = [] }) => ({ provider, aliases })),
    load: (provider) => byProvider.get(provider) as PriceFile,
  });
}

/** Names content: the same bytes have the same name. */
export function hashOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('hex')}`;
}

function indexModels(file: PriceFile): ProviderPrices {
  const exact = new Map<string, PricedModelEntry>();
  const spelled = new Map<string, PricedModelEntry | 'ambiguous'>();
  for (const entry of file.models) exact.set(entry.model, entry);
  for (const entry of file.models) {
    for (const alias of entry.aliases ?? []) if (!exact.has(alias)) exact.set(alias, entry);
  }
  for (const [name, entry] of exact) {
    const key = spelling(name);
    const other = spelled.get(key);
    spelled.set(key, other === undefined || other === entry ? entry : 'ambiguous');
  }
  return {
    file,
    find(name) {
      const entry = exact.get(name);
      if (entry !== undefined) return entry;
      const alike = spelled.get(name);
      return alike === 'ambiguous' ? undefined : alike;
    },
  };
}
