import type { PriceSource } from '../../src/schema.ts';
import { applyOverlay } from './apply-overlay.ts';
import { contentsText, priceFile, priceFileText } from './emit.ts';
import type { ImportSource } from './listing.ts';
import type { Overlay } from './overlay.ts';
import { reconcile } from './reconcile.ts';
import { reportText } from './report.ts';

/**
 * Turns sources into the files of the catalogue. Same input, same bytes.
 *
 * @param sources - the oldest first
 * @returns texts by file name
 */
export function importPrices(
  sources: readonly ImportSource[],
  overlays: readonly Overlay[],
): ReadonlyMap<string, string> {
  const reconciled = reconcile(sources);
  const packages: Record<string, PriceSource> = {};
  for (const { key, info } of sources) packages[key] = info;
  for (const overlay of overlays) applyOverlay(reconciled.providers, overlay);
  const files = [...reconciled.providers.keys()].sort().map((provider) => {
    const overlay = overlays.find((candidate) => candidate.provider === provider);
    const file = priceFile(provider, reconciled.providers.get(provider) ?? new Map(), overlay, packages);
    return { file, text: priceFileText(file) };
  });
  return new Map([
    ...files.map(({ file, text }) => [`${file.provider}.json`, text] as const),
    ['catalog.json', contentsText(files)],
    ['REPORT.md', reportText(sources, reconciled)],
  ]);
}
