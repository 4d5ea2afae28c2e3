import { hashOf } from '../../src/catalog.ts';
import { parsePriceFile } from '../../src/parse-price-file.ts';
import type { PriceFile, PriceSource } from '../../src/schema.ts';
import type { WritableEntry } from './listing.ts';
import type { Overlay } from './overlay.ts';
import { providerAliases } from './sources.ts';

/** One provider's file, with the sources that its rows name. */
export function priceFile(
  provider: string,
  models: ReadonlyMap<string, WritableEntry>,
  overlay: Overlay | undefined,
  packages: Readonly<Record<string, PriceSource>>,
): PriceFile {
  const entries = [...models.values()].sort((left, right) => (left.model < right.model ? -1 : 1));
  const named = new Set(
    [
      ...entries.flatMap(({ versions }) =>
        versions.flatMap((version) => [version, ...(version.rates ?? []), ...(version.modifiers ?? [])]),
      ),
      ...(overlay?.rates ?? []),
      ...(overlay?.modifiers ?? []),
      ...(overlay?.gatewayFees ?? []),
    ].map(({ source }) => source),
  );
  const all = { ...packages, ...overlay?.sources };
  const sources = Object.fromEntries(Object.entries(all).filter(([key]) => named.has(key)));
  const aliases = providerAliases[provider];
  const file = {
    provider,
    ...(aliases && { aliases: [...aliases] }),
    ...(overlay?.currency && { currency: overlay.currency }),
    ...(overlay?.pricedAs && { pricedAs: overlay.pricedAs }),
    ...(overlay?.passThrough && { passThrough: overlay.passThrough }),
    sources,
    ...(overlay?.calendars && { calendars: overlay.calendars }),
    ...(overlay?.gatewayFees && { gatewayFees: overlay.gatewayFees }),
    ...(overlay?.rates && { rates: overlay.rates }),
    ...(overlay?.modifiers && { modifiers: overlay.modifiers }),
    models: entries.map(dropEmpty),
  };
  parsePriceFile(file, provider);
  return file;
}

function dropEmpty(entry: WritableEntry): WritableEntry {
  const { aliases, ...rest } = entry;
  const { model, ...others } = rest;
  return aliases !== undefined && aliases.length > 0 ? { model, aliases, ...others } : rest;
}

/** JSON that reads well in a diff: one model on each line. */
export function priceFileText({ models, ...head }: PriceFile): string {
  const opening = JSON.stringify(head, undefined, 2).replace(/\n}$/, '');
  const lines = models.map((model) => `    ${JSON.stringify(model)}`).join(',\n');
  return `${opening},\n  "models": [\n${lines}\n  ]\n}\n`;
}

/** The table of contents. Its hash names the content of all files. */
export function contentsText(files: readonly { readonly file: PriceFile; readonly text: string }[]): string {
  const providers = files.map(({ file, text }) => ({
    provider: file.provider,
    ...(file.aliases && { aliases: file.aliases }),
    models: file.models.length,
    hash: hashOf(text),
  }));
  const hash = hashOf(providers.map(({ provider, hash }) => `${provider} ${hash}\n`).join(''));
  const lines = providers.map((provider) => `    ${JSON.stringify(provider)}`).join(',\n');
  return `{\n  "hash": "${hash}",\n  "providers": [\n${lines}\n  ]\n}\n`;
}
