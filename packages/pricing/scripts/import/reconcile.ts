import type { Meter } from '@genops/core';
import { spelling, undatedNames } from '../../src/model-names.ts';
import type { PriceVersion, RateGroup } from '../../src/schema.ts';
import type { ImportSource, SourceListing, WritableEntry, WritableGroup } from './listing.ts';
import { amountsOf, findOutlier, isFarApart } from './outliers.ts';

/** Two sources that do not agree; the newer one holds from its own date on. */
export interface Conflict {
  readonly provider: string;
  readonly model: string;
  readonly older: string;
  readonly newer: string;
}

export interface Reconciled {
  /** By provider, then by model. */
  readonly providers: Map<string, Map<string, WritableEntry>>;
  readonly conflicts: readonly Conflict[];
  /** Listings that were left out because their prices cannot be. */
  readonly rejected: readonly string[];
}

/**
 * Makes one catalogue of several sources. Where they agree, one entry remains; where they do not, the
 * newer holds from the day on which it was looked at, and the older before.
 *
 * @param sources - the oldest first
 */
export function reconcile(sources: readonly ImportSource[]): Reconciled {
  const providers = new Map<string, Map<string, WritableEntry>>();
  const conflicts: Conflict[] = [];
  const rejected: string[] = [];
  for (const { key, info, listings } of sources) {
    for (const listing of listings) {
      const outlier = findOutlier(listing, key);
      if (outlier !== undefined) {
        rejected.push(outlier);
        continue;
      }
      const models = providers.get(listing.provider) ?? new Map<string, WritableEntry>();
      providers.set(listing.provider, models);
      const known = entryFor(models, listing);
      if (known === undefined) {
        models.set(listing.model, newEntry(listing, key));
        continue;
      }
      mergeFacts(known, listing);
      const outcome = mergePrices(known, listing, key, info.retrievedAt);
      if (outcome?.result === 'conflict')
        conflicts.push({ ...outcome, provider: listing.provider, model: listing.model });
      if (outcome?.result === 'rejected') rejected.push(outcome.why);
    }
  }
  return { providers, conflicts, rejected };
}

function newEntry(
  { model, aliases, contextTokens, maxOutputTokens, versions }: SourceListing,
  source: string,
): WritableEntry {
  return {
    model,
    ...(aliases.length > 0 && { aliases: [...new Set(aliases)].filter((alias) => alias !== model).sort() }),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    versions: versions.map((version) => ({ ...version, source, confidence: 'single' })),
  };
}

/**
 * The entry that a listing is about: the one of its name; the one that it is an alias of, as long as both
 * cost the same; the one of the same name without the date, likewise. An alias that costs something else
 * becomes an entry of its own, with the past of the one it leaves.
 */
function entryFor(models: Map<string, WritableEntry>, listing: SourceListing): WritableEntry | undefined {
  const exact = models.get(listing.model);
  if (exact !== undefined) return exact;
  const named = [...models.values()].find(({ aliases = [] }) => aliases.includes(listing.model));
  if (named !== undefined) {
    if (costsTheSame(named, listing)) return named;
    const { aliases, ...rest } = named;
    named.aliases = (aliases ?? []).filter((alias) => alias !== listing.model);
    const own: WritableEntry = structuredClone({ ...rest, model: listing.model });
    models.set(listing.model, own);
    return own;
  }
  const undated = new Set(undatedNames(listing.model).map(spelling));
  const base = [...models.values()].find(({ model, aliases = [] }) =>
    [model, ...aliases].some((name) => undated.has(spelling(name))),
  );
  if (base === undefined || !costsTheSame(base, listing)) return undefined;
  base.aliases = [...(base.aliases ?? []), listing.model].sort();
  return base;
}

function costsTheSame({ versions }: WritableEntry, listing: SourceListing): boolean {
  const [last, offered] = [versions.at(-1), listing.versions.at(-1)];
  return last !== undefined && offered !== undefined && differences(last, offered).length === 0;
}

/** The larger limit: a bound may be too high, never too low. */
function mergeFacts(entry: WritableEntry, { contextTokens, maxOutputTokens }: SourceListing): void {
  for (const [fact, value] of Object.entries({ contextTokens, maxOutputTokens })) {
    const key = fact as 'contextTokens' | 'maxOutputTokens';
    if (value !== undefined) entry[key] = Math.max(entry[key] ?? 0, value);
  }
}

type Outcome =
  | { readonly result: 'conflict'; readonly older: string; readonly newer: string }
  | { readonly result: 'rejected'; readonly why: string };

function mergePrices(
  entry: WritableEntry,
  listing: SourceListing,
  source: string,
  retrievedAt: string,
): Outcome | undefined {
  const older = entry.versions.findLast(
    ({ validFrom }) => validFrom === undefined || validFrom <= retrievedAt,
  );
  const newer = listing.versions.at(-1);
  if (older === undefined || newer === undefined) return undefined;
  const different = differences(older, newer);
  if (different.length === 0) {
    const agreed: PriceVersion = { ...fillIn(older, newer), confidence: 'agreed' };
    entry.versions = entry.versions.map((version) => (version === older ? agreed : version));
    return undefined;
  }
  const far = different.find(({ left, right }) => left && right && isFarApart(left, right));
  if (far !== undefined) {
    const why = `${listing.provider}/${listing.model}: ${source} has ${far.what} at ${far.right?.toFixed()}, more than ten times away from ${far.left?.toFixed()}`;
    return { result: 'rejected', why };
  }
  const later = entry.versions.filter(({ validFrom }) => validFrom !== undefined && validFrom > retrievedAt);
  const changed: PriceVersion = {
    ...carryOver(older, newer),
    validFrom: retrievedAt,
    source,
    confidence: 'single',
  };
  entry.versions = [...entry.versions.filter((version) => !later.includes(version)), changed, ...later];
  return {
    result: 'conflict',
    older: different.map(({ what, left }) => `${what} ${left?.toFixed() ?? 'none'}`).join(', '),
    newer: different.map(({ what, right }) => `${what} ${right?.toFixed() ?? 'none'}`).join(', '),
  };
}

type Amounts = ReadonlyMap<string, ReturnType<typeof amountsOf>[number][1]>;

/** What the newer source can say; it knows nothing of other meters. */
const comparable: ReadonlySet<Meter> = new Set(['input', 'output', 'cache_read', 'cache_write_5m']);

/** Prices by meter and threshold: `input`, `input above 200000`. */
function comparableAmounts({ rates = [] }: PriceVersion): Amounts {
  return new Map(
    rates.flatMap((group) =>
      amountsOf(group)
        .filter(([meter]) => comparable.has(meter))
        .map(([meter, amount]) => [`${meter}${threshold(group)}`, amount] as const),
    ),
  );
}

function threshold({ when }: RateGroup): string {
  return when?.promptTokens === undefined ? '' : ` above ${when.promptTokens.min}`;
}

/** Prices that both have and that differ, and tiers that only one of them has. */
function differences(older: PriceVersion, newer: PriceVersion) {
  const [left, right] = [comparableAmounts(older), comparableAmounts(newer)];
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return keys
    .map((what) => ({ what, left: left.get(what), right: right.get(what) }))
    .filter(({ what, left, right }) => {
      if (left !== undefined && right !== undefined) return !left.eq(right);
      // A cache price that one source lacks is a gap, a tier or a base price is a difference.
      return !what.startsWith('cache_');
    });
}

/** Adds the cache prices that only the newer source knows. */
function fillIn(older: PriceVersion, newer: PriceVersion): PriceVersion {
  if (older.rates === undefined) return older;
  const offered = new Map((newer.rates ?? []).map((group) => [threshold(group), group]));
  return {
    ...older,
    rates: older.rates.map((group) => {
      const more = offered.get(threshold(group));
      const filled: WritableGroup = { ...group };
      for (const meter of ['cache_read', 'cache_write_5m'] as const) {
        if (filled[meter] === undefined && more?.[meter] !== undefined) filled[meter] = more[meter];
      }
      return filled;
    }),
  };
}

/** Keeps what the newer source cannot say, such as tool fees and prices of other modalities. */
function carryOver(older: PriceVersion, newer: PriceVersion): PriceVersion {
  const [base, ...others] = newer.rates ?? [];
  if (base === undefined) return newer;
  const [olderBase] = older.rates ?? [];
  const kept = Object.entries(olderBase ?? {}).filter(
    ([key]) => !comparable.has(key as Meter) && key !== 'cache_write_1h' && key !== 'when',
  );
  return { ...newer, rates: [{ ...base, ...Object.fromEntries(kept) }, ...others] };
}
