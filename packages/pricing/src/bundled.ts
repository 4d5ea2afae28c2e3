import { readFileSync } from 'node:fs';
import { type Catalog, openCatalog } from './catalog.ts';
import type { PriceFile } from './schema.ts';

/** Table of contents of the bundled prices, as the importer writes it. */
interface Contents {
  readonly hash: string;
  readonly generatedAt: string;
  readonly providers: readonly { readonly provider: string; readonly aliases?: readonly string[] }[];
}

const folder = new URL('../data/', import.meta.url);

/** The prices that come with this package. A provider's file is read when its first price is asked for. */
export function bundledCatalog(): Catalog {
  const contents = readJson<Contents>('catalog.json');
  return openCatalog({ ...contents, load: (provider) => readJson<PriceFile>(`${provider}.json`) });
}

function readJson<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Content;
}
