import type { PriceVersion } from '../../src/schema.ts';
import type { WritableEntry } from './listing.ts';
import type { Overlay, OverlayRow } from './overlay.ts';

/** Writes reviewed facts over what was imported. They win over every package. */
export function applyOverlay(models: Map<string, WritableEntry>, overlay: Overlay): void {
  for (const row of overlay.rows) {
    for (const model of row.models) applyRow(models, model, row);
  }
}

function applyRow(models: Map<string, WritableEntry>, model: string, row: OverlayRow): void {
  const entry = models.get(model) ?? { model, versions: [] };
  models.set(model, entry);
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
    entry.versions = row.versions.map((version) => ({ ...version, source: row.source }));
  }
  if (row.add !== undefined) entry.versions = addTo(entry.versions, row.add, row.source, model);
  if (entry.versions.length === 0)
    throw new Error(`${model}: a row of the overlay is about a model without prices`);
}

/** A name that gets prices of its own is no longer another's. */
function takeName(models: Map<string, WritableEntry>, name: string): void {
  for (const entry of models.values()) {
    if (entry.aliases?.includes(name)) entry.aliases = entry.aliases.filter((alias) => alias !== name);
  }
}

function addTo(
  versions: readonly PriceVersion[],
  { from, until, rates, modifiers }: NonNullable<OverlayRow['add']>,
  source: string,
  model: string,
): PriceVersion[] {
  let hits = 0;
  const changed = versions.flatMap((version, index) => {
    const end = version.validTo ?? versions[index + 1]?.validFrom;
    if (
      (until !== undefined && (version.validFrom ?? '') >= until) ||
      (from !== undefined && end !== undefined && end <= from)
    ) {
      return [version];
    }
    hits++;
    const added: PriceVersion = {
      ...version,
      ...(rates && { rates: [...(version.rates ?? []), ...rates.map((group) => ({ ...group, source }))] }),
      ...(modifiers && {
        modifiers: [...(version.modifiers ?? []), ...modifiers.map((modifier) => ({ ...modifier, source }))],
      }),
    };
    // A version that is only partly covered is cut where the row begins or ends.
    const before =
      from !== undefined && (version.validFrom ?? '') < from ? [{ ...version, validTo: from }] : [];
    const after =
      until !== undefined && (end === undefined || end > until) ? [{ ...version, validFrom: until }] : [];
    const middle = {
      ...added,
      ...(before.length > 0 && { validFrom: from as string }),
      ...(after.length > 0 && { validTo: until as string }),
    };
    return [...before, middle, ...after];
  });
  if (hits === 0) throw new Error(`${model}: a row of the overlay adds to no version`);
  return changed;
}
