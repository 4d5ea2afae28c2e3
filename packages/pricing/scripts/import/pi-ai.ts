import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RateGroup } from '../../src/schema.ts';
import { exactText } from './exact-text.ts';
import type { ImportSource, SourceListing, SourceVersion, WritableGroup } from './listing.ts';
import { piAiSource, providerIds } from './sources.ts';

/** One model in the package's data. */
interface PiModel {
  readonly id: string;
  readonly type: string;
  readonly provider: string;
  readonly free?: boolean;
  readonly cost: PiCost & { readonly tiers?: readonly (PiCost & { readonly inputTokensAbove: number })[] };
  readonly contextWindow?: number;
  readonly maxTokens?: number;
}

interface PiCost {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** Models by API and key. */
export type PiProviderFile = Readonly<Record<string, Readonly<Record<string, PiModel>>>>;

/** Reads the data files of the unpacked package. */
export function readPiAi(folder: string): ImportSource {
  const manifest = readJson<{
    readonly files: Readonly<Record<string, string>>;
    readonly generatedAt: string;
  }>(join(folder, '.manifest.json'));
  const listings: SourceListing[] = [];
  const skipped: string[] = [];
  for (const name of Object.keys(manifest.files).sort()) {
    const own = readPiFile(readJson<PiProviderFile>(join(folder, name)));
    listings.push(...own.listings);
    skipped.push(...own.skipped);
  }
  return { key: 'pi-ai', info: { ...piAiSource, retrievedAt: manifest.generatedAt }, listings, skipped };
}

function readJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(path, 'utf8')) as Content;
}

/** One provider's file, in our own schema. */
export function readPiFile(file: PiProviderFile): Pick<ImportSource, 'listings' | 'skipped'> {
  const listings: SourceListing[] = [];
  const skipped: string[] = [];
  for (const model of Object.values(file).flatMap((models) => Object.values(models))) {
    const provider = providerIds[model.provider] ?? model.provider;
    const where = `${provider}/${model.id}`;
    if (model.provider === 'google-vertex') {
      skipped.push(`${where}: the source has no long-context prices here; those of the Gemini API hold`);
      continue;
    }
    if (model.type !== 'chat') {
      skipped.push(`${where}: the source has no complete price for models of type "${model.type}"`);
      continue;
    }
    const version = readVersion(model, where);
    if (version === undefined) {
      skipped.push(`${where}: zero in the source does not mean free`);
      continue;
    }
    listings.push({
      provider,
      model: model.id,
      aliases: [],
      ...(model.contextWindow !== undefined && { contextTokens: model.contextWindow }),
      ...(model.maxTokens !== undefined && { maxOutputTokens: model.maxTokens }),
      versions: [version],
    });
  }
  return { listings, skipped };
}

function readVersion({ id, cost, free }: PiModel, where: string): SourceVersion | undefined {
  if (cost.input === 0 || cost.output === 0) {
    return cost.input === 0 && cost.output === 0 && (free === true || id.endsWith(':free'))
      ? { free: true }
      : undefined;
  }
  const tiers = [...(cost.tiers ?? [])].sort((left, right) => left.inputTokensAbove - right.inputTokensAbove);
  const above = tiers.map(
    (tier): RateGroup => ({
      when: { promptTokens: { min: tier.inputTokensAbove } },
      ...readCost(tier, where),
    }),
  );
  return { rates: [readCost(cost, where), ...above] };
}

/** Zero for cached tokens means that the source knows no price for them. */
function readCost(cost: PiCost, where: string): RateGroup {
  const group: WritableGroup = {
    input: exactText(cost.input, `${where}.input`),
    output: exactText(cost.output, `${where}.output`),
  };
  if (cost.cacheRead !== 0) group.cache_read = exactText(cost.cacheRead, `${where}.cacheRead`);
  if (cost.cacheWrite !== 0) group.cache_write_5m = exactText(cost.cacheWrite, `${where}.cacheWrite`);
  return group;
}
