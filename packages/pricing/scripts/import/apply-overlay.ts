import { Decimal } from '@genops/core';
import type { PriceVersion, RateGroup } from '../../src/schema.ts';
import type { WritableEntry, WritableGroup } from './listing.ts';
import { amountText } from './outliers.ts';
import type { Overlay, OverlayRow } from './overlay.ts';

type Models = Map<string, WritableEntry>;

/**
 * Writes reviewed facts over what was imported. They win over every package.
 *
 * @param providers - all of them, because a row may copy another provider's prices
 */
export function applyOverlay(providers: Map<string, Models>, overlay: Overlay): void {
  const models = providers.get(overlay.provider) ?? new Map<string, WritableEntry>();
  providers.set(overlay.provider, models);
  for (const row of overlay.rows) {
    const names = row.models.flatMap((name) => expand(models, name));
    if (names.length === 0)
      throw new Error(`${overlay.provider}: a row is about ${row.models}, which nobody lists`);
    for (const name of new Set(names)) applyRow(providers, models, name, row);
  }
}

/** Patterns stand for models that are already there; plain names, and a lone `*`, for themselves. */
function expand(models: Models, name: string): readonly string[] {
  if (name === '*' || !/[*?]/.test(name)) return [name];
  const source = name
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const pattern = new RegExp(`^${source}$`);
  return [...models.keys()].filter((model) => pattern.test(model));
}

function applyRow(providers: Map<string, Models>, models: Models, model: string, row: OverlayRow): void {
  const entry = models.get(model) ?? { model, versions: [] };
  models.set(model, entry);
  if (row.copyFrom !== undefined) copy(entry, providers.get(row.copyFrom)?.get(model), row);
  for (const alias of row.aliases ?? []) takeName(models, alias);
  if (row.aliases !== undefined)
    entry.aliases = [...new Set([...(entry.aliases ?? []), ...row.aliases])].sort();
  for (const fact of [
    'status',
    'releasedAt',
    'contextTokens',
    'maxOutputTokens',
    'maxImageTokens',
  ] as const) {
    const value = row[fact];
    if (value !== undefined) Object.assign(entry, { [fact]: value });
  }
  if (row.versions !== undefined) {
    takeName(models, model);
    const { source, confidence = 'single' } = row;
    entry.versions = row.versions.map((version) => ({ ...version, source, confidence }));
  }
  if (row.add !== undefined) entry.versions = addTo(entry.versions, row.add, row.source, model);
  for (const derivation of row.derive ?? []) {
    entry.versions = entry.versions.map((version) => ({
      ...version,
      ...(version.rates && { rates: version.rates.map((group) => derive(group, derivation)) }),
    }));
  }
  if (entry.versions.length === 0)
    throw new Error(`${model}: a row of the overlay is about a model without prices`);
}

function copy(entry: WritableEntry, from: WritableEntry | undefined, row: OverlayRow): void {
  if (from === undefined) throw new Error(`${entry.model}: "${row.copyFrom}" does not list it`);
  const { versions, ...facts } = structuredClone(from);
  Object.assign(entry, facts);
  entry.versions = versions.map(({ modifiers: _, ...version }) => ({
    ...version,
    source: row.source,
    ...(version.rates && { rates: version.rates.map(({ source: _, ...group }) => group) }),
  }));
}

/** A name that gets prices of its own is no longer another's. */
function takeName(models: Models, name: string): void {
  for (const entry of models.values()) {
    if (entry.aliases?.includes(name)) entry.aliases = entry.aliases.filter((alias) => alias !== name);
  }
}

type Derivation = NonNullable<OverlayRow['derive']>[number];

/** Does not touch a price that is already there. */
function derive(group: RateGroup, { meter, from, factor, where }: Derivation): RateGroup {
  const base = group[from];
  if (base === undefined || group[where] === undefined || group[meter] !== undefined) return group;
  const derived: WritableGroup = { ...group };
  derived[meter] = new Decimal(amountText(base)).times(factor).toFixed();
  return derived;
}

/** Adds to every version in force between two instants; one that is only partly covered is cut there. */
function addTo(
  versions: readonly PriceVersion[],
  { from, until, rates = [], modifiers = [] }: NonNullable<OverlayRow['add']>,
  source: string,
  model: string,
): PriceVersion[] {
  const changed = versions.flatMap((version, index) => {
    const end = version.validTo ?? versions[index + 1]?.validFrom;
    const startsLater = until !== undefined && (version.validFrom ?? '') >= until;
    const endsBefore = from !== undefined && end !== undefined && end <= from;
    if (startsLater || endsBefore) return [version];
    const added: PriceVersion = {
      ...version,
      ...(rates.length > 0 && {
        rates: [...(version.rates ?? []), ...rates.map((group) => ({ ...group, source }))],
      }),
      ...(modifiers.length > 0 && {
        modifiers: [...(version.modifiers ?? []), ...modifiers.map((modifier) => ({ ...modifier, source }))],
      }),
    };
    const cutBefore = from !== undefined && (version.validFrom ?? '') < from;
    const cutAfter = until !== undefined && (end === undefined || end > until);
    return [
      ...(cutBefore ? [{ ...version, validTo: from }] : []),
      { ...added, ...(cutBefore && { validFrom: from }), ...(cutAfter && { validTo: until }) },
      ...(cutAfter ? [{ ...version, validFrom: until }] : []),
    ];
  });
  if (changed.every((version) => versions.includes(version))) {
    throw new Error(`${model}: a row of the overlay adds to no version`);
  }
  return changed;
}
