import { type Catalog, createCatalog } from '../catalog.ts';
import type { PricedModelEntry, PriceFile, PriceVersion } from '../schema.ts';

/** Prices that change while the program runs. */
export interface LivePrices {
  /**
   * The newest prices at hand; absent until there are some. Starts a refresh in the background when they
   * are due; never waits for it.
   */
  current(): Catalog | undefined;
  /** Asks now. Rejects never: a failure is told and the prices at hand stay. */
  refresh(): Promise<RefreshResult>;
}

export type RefreshResult =
  | { readonly result: 'updated'; readonly models: number; readonly changed: number }
  | { readonly result: 'unchanged' }
  | { readonly result: 'failed'; readonly error: unknown };

/**
 * Lays a new list over what is known. A price that changed begins at the moment of the list; the one before
 * ends there, so that a question about the past keeps its answer. A model that is gone keeps its price.
 */
export function mergeSnapshot(
  known: PriceFile | undefined,
  provider: string,
  models: readonly PricedModelEntry[],
  source: { readonly name: string; readonly url: string; readonly retrievedAt: string },
): { readonly file: PriceFile; readonly changed: number } {
  const entries = new Map(known?.models.map((entry) => [entry.model, entry]));
  const key = `${provider}@${source.retrievedAt}`;
  let changed = 0;
  for (const { versions, ...facts } of models) {
    const past = entries.get(facts.model)?.versions ?? [];
    const now = versions[0];
    if (now === undefined) continue;
    const same = sameRates(past.at(-1), now);
    if (!same) changed++;
    const version: PriceVersion = {
      ...now,
      validFrom: source.retrievedAt,
      source: key,
      confidence: 'single',
    };
    entries.set(facts.model, { ...facts, versions: same ? past : [...past, version] });
  }
  const all = [...entries.values()].sort((left, right) => (left.model < right.model ? -1 : 1));
  const used = new Set(all.flatMap((entry) => entry.versions.map((version) => version.source)));
  const sources = Object.fromEntries(
    Object.entries({ ...known?.sources, [key]: source }).filter(([name]) => used.has(name)),
  );
  return { file: { provider, sources, models: all }, changed };
}

function sameRates(left: PriceVersion | undefined, right: PriceVersion): boolean {
  const text = (version: PriceVersion) => JSON.stringify([version.rates, version.modifiers]);
  return left !== undefined && text(left) === text(right);
}

/** What is kept on disk between runs. */
export interface KeptPrices {
  readonly etag?: string;
  /** When the list was last asked for, an instant. */
  readonly checkedAt: string;
  readonly file: PriceFile;
}

export function openKept(kept: KeptPrices): Catalog {
  return createCatalog([kept.file]);
}
