import type { Meter } from '@genops/core';
import {
  findProvider,
  type MatchLogic,
  type ModelInfo,
  type ModelPrice,
  type Provider,
} from '@pydantic/genai-prices';
import type { RateGroup, When } from '../../src/schema.ts';
import { exactText } from './exact-text.ts';
import type { ImportSource, SourceListing, SourceVersion, WritableGroup } from './listing.ts';
import { genaiProviders, genaiSource, providerIds } from './sources.ts';

/** Prices are listed under these keys; a string is the meter, `per` what the amount buys. */
const meterOf: Readonly<Record<string, { readonly meter: Meter; readonly per?: string }>> = {
  input_mtok: { meter: 'input' },
  cache_read_mtok: { meter: 'cache_read' },
  cache_write_mtok: { meter: 'cache_write_5m' },
  cache_write_1h_mtok: { meter: 'cache_write_1h' },
  input_audio_mtok: { meter: 'input_audio' },
  input_image_mtok: { meter: 'input_image' },
  input_video_mtok: { meter: 'input_video' },
  cache_audio_read_mtok: { meter: 'cache_read_audio' },
  cache_image_read_mtok: { meter: 'cache_read_image' },
  output_mtok: { meter: 'output' },
  output_reasoning_mtok: { meter: 'reasoning' },
  output_citation_mtok: { meter: 'citation' },
  output_audio_mtok: { meter: 'output_audio' },
  output_image_mtok: { meter: 'output_image' },
  output_video_mtok: { meter: 'output_video' },
  requests_kcount: { meter: 'request', per: '1000' },
  web_searches_kcount: { meter: 'web_search', per: '1000' },
  storage_searches_kcount: { meter: 'file_search', per: '1000' },
  audio_hours: { meter: 'audio_second', per: '3600' },
  input_document_kpages: { meter: 'page', per: '1000' },
  input_annotated_document_kpages: { meter: 'annotated_page', per: '1000' },
};

/** Repeats of other keys, and units that no meter counts. */
const ignoredKeys = new Set(['input_audio_hours', 'input_text_messages_kcount']);

/** An empty price map means free for these only; for all others it means that nobody filled it in. */
const reviewedFree = [/:free$/, /^openrouter\/free$/];
const reviewedFreeModels = new Set(['openai/moderation']);

/** Reads the package's data, which it gives out one provider at a time. */
export function readGenaiPrices(providers = genaiProviders): ImportSource {
  const listings: SourceListing[] = [];
  const skipped: string[] = [];
  for (const id of providers) {
    const provider = findProvider({ providerId: id });
    if (provider === undefined) throw new Error(`@pydantic/genai-prices has no provider "${id}" any more`);
    const own = readProvider(provider);
    listings.push(...own.listings);
    skipped.push(...own.skipped);
  }
  return { key: 'genai-prices', info: genaiSource, listings, skipped };
}

/** One provider of the package, in our own schema. */
export function readProvider(provider: Provider): Pick<ImportSource, 'listings' | 'skipped'> {
  const id = providerIds[provider.id] ?? provider.id;
  const listings: SourceListing[] = [];
  const skipped: string[] = [];
  for (const model of provider.models) {
    const where = `${id}/${model.id}`;
    const versions = readVersions(model, where);
    if (typeof versions === 'string') {
      skipped.push(`${where}: ${versions}`);
      continue;
    }
    listings.push({
      provider: id,
      model: cleanName(model.id),
      aliases: [...exactNames(model.match), ...bareNames(model.id)].map(cleanName),
      ...(model.context_window !== undefined && { contextTokens: model.context_window }),
      versions,
    });
  }
  return { listings, skipped };
}

/** A name made for matching by its beginning may end in the separator. */
function cleanName(name: string): string {
  return name.replace(/[-.@]$/, '');
}

/** Exact names, and parts of names that are whole names; patterns are covered by the conventions of lookup. */
function exactNames(match: MatchLogic): readonly string[] {
  if ('or' in match) return match.or.flatMap(exactNames);
  if ('equals' in match) return [match.equals];
  if ('and' in match) return match.and.flatMap(exactNames);
  if ('starts_with' in match) return [match.starts_with];
  if ('contains' in match) return [match.contains];
  if ('ends_with' in match) return [match.ends_with];
  return [];
}

/** What the source calls regional, Bedrock calls by the bare name. */
function bareNames(id: string): readonly string[] {
  return id.startsWith('regional.') ? [id.slice('regional.'.length)] : [];
}

function readVersions(model: ModelInfo, where: string): readonly SourceVersion[] | string {
  const conditional = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  if (conditional.some(({ constraint }) => constraint?.type === 'time_of_date')) {
    return 'prices by time of day and date do not combine in the source; the overlay has them';
  }
  const versions: SourceVersion[] = [];
  for (const { constraint, prices } of conditional) {
    const validFrom =
      constraint?.type === 'start_date' ? { validFrom: `${constraint.start_date}T00:00:00Z` } : {};
    const rates = readRates(prices, where);
    if (rates.length > 0) versions.push({ ...validFrom, rates });
    else if (isFree(where)) versions.push({ ...validFrom, free: true });
    else return 'the price map is empty, which does not mean free';
  }
  return versions;
}

function isFree(where: string): boolean {
  return reviewedFreeModels.has(where) || reviewedFree.some((form) => form.test(where));
}

/** One group for base prices, and one for each threshold. */
function readRates(prices: ModelPrice, where: string): RateGroup[] {
  const base: WritableGroup = {};
  const tiers = new Map<number, WritableGroup>();
  for (const [key, price] of Object.entries(prices)) {
    if (price === undefined || ignoredKeys.has(key)) continue;
    const target = meterOf[key];
    if (target === undefined) throw new Error(`${where}: the price key "${key}" is not known here`);
    const put = (group: WritableGroup, value: number): void => {
      const amount = exactText(value, `${where}.${key}`);
      group[target.meter] = target.per === undefined ? amount : { amount, per: target.per };
    };
    if (typeof price === 'number') {
      put(base, price);
      continue;
    }
    put(base, price.base);
    for (const tier of price.tiers) {
      const group = tiers.get(tier.start) ?? { when: above(tier.start) };
      tiers.set(tier.start, group);
      put(group, tier.price);
    }
  }
  const groups = [base, ...[...tiers].sort(([left], [right]) => left - right).map(([, group]) => group)];
  return groups.filter((group) => Object.keys(group).some((key) => key !== 'when'));
}

/** The source writes "from 272,000 on" as "above 271,999". */
function above(start: number): When {
  return String(start).endsWith('999')
    ? { promptTokens: { min: start + 1, inclusive: true } }
    : { promptTokens: { min: start } };
}
