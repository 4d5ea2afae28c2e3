import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Catalog } from '../catalog.ts';
import { parsePriceFile } from '../parse-price-file.ts';
import {
  type KeptPrices,
  type LivePrices,
  mergeSnapshot,
  openKept,
  type RefreshResult,
} from './live-prices.ts';
import { readOpenRouterModels } from './openrouter-models.ts';

/** After a failure the list is asked for again this soon. */
const retryMs = 60_000;

export interface OpenRouterPricesOptions {
  readonly fetch: typeof globalThis.fetch;
  /** The time. @default Date.now */
  readonly now?: () => number;
  /** Where the last good list is kept between runs. @default nowhere */
  readonly cacheFile?: string;
  /** How long a list counts as fresh. @default one hour */
  readonly ttlMs?: number;
  /** How long an answer may take. @default ten seconds */
  readonly timeoutMs?: number;
  /** @default 'https://openrouter.ai/api/v1/models' */
  readonly url?: string;
  /** Told of every failure: of the request, of the list, of the file. */
  readonly onError?: (error: unknown) => void;
}

/**
 * OpenRouter's own prices, refreshed in the background. The last good list stays in force when the service
 * does not answer, and survives a restart in `cacheFile`. Prices hold from the moment of their list on.
 */
export function createOpenRouterPrices(options: OpenRouterPricesOptions): LivePrices {
  const {
    fetch,
    now = Date.now,
    cacheFile,
    ttlMs = 3_600_000,
    timeoutMs = 10_000,
    url = 'https://openrouter.ai/api/v1/models',
    onError = () => {},
  } = options;
  let kept: KeptPrices | undefined;
  let catalog: Catalog | undefined;
  let dueAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<RefreshResult> | undefined;
  let read = cacheFile === undefined;

  const accept = (prices: KeptPrices): void => {
    if (prices.file !== kept?.file) catalog = openKept(prices);
    kept = prices;
  };

  const readKept = async (path: string): Promise<void> => {
    read = true;
    try {
      const json = JSON.parse(await readFile(path, 'utf8')) as KeptPrices;
      accept({ ...json, file: parsePriceFile(json.file, path) });
      dueAt = Date.parse(json.checkedAt) + ttlMs;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onError(error);
    }
  };

  const writeKept = async (path: string, prices: KeptPrices): Promise<void> => {
    try {
      await mkdir(dirname(path), { recursive: true });
      // Written beside and renamed, so that a crash leaves the old list.
      await writeFile(`${path}.new`, JSON.stringify(prices));
      await rename(`${path}.new`, path);
    } catch (error) {
      onError(error);
    }
  };

  const ask = async (): Promise<RefreshResult> => {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (kept?.etag !== undefined) headers['if-none-match'] = kept.etag;
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
    const checkedAt = new Date(now()).toISOString();
    if (response.status === 304 && kept !== undefined) {
      accept({ ...kept, checkedAt });
      if (cacheFile !== undefined) await writeKept(cacheFile, kept);
      return { result: 'unchanged' };
    }
    if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
    const models = readOpenRouterModels(await response.json(), now());
    if (models.length === 0) throw new Error(`${url} answered with a list of no models`);
    const source = { name: 'OpenRouter models', url, retrievedAt: checkedAt };
    const { file, changed } = mergeSnapshot(kept?.file, 'openrouter', models, source);
    const etag = response.headers.get('etag');
    accept({ ...(etag !== null && { etag }), checkedAt, file: changed === 0 && kept ? kept.file : file });
    if (cacheFile !== undefined) await writeKept(cacheFile, kept as KeptPrices);
    return changed === 0 ? { result: 'unchanged' } : { result: 'updated', models: models.length, changed };
  };

  const refresh = (): Promise<RefreshResult> => {
    underWay ??= (async (): Promise<RefreshResult> => {
      if (!read && cacheFile !== undefined) await readKept(cacheFile);
      try {
        const result = await ask();
        dueAt = now() + ttlMs;
        return result;
      } catch (error) {
        dueAt = now() + Math.min(ttlMs, retryMs);
        onError(error);
        return { result: 'failed', error };
      } finally {
        underWay = undefined;
      }
    })();
    return underWay;
  };

  const start = async (): Promise<void> => {
    if (!read && cacheFile !== undefined) await readKept(cacheFile);
    if (now() >= dueAt) await refresh();
  };

  let starting = false;
  return {
    refresh,
    current() {
      if (!starting && underWay === undefined && now() >= dueAt) {
        starting = true;
        void start().finally(() => {
          starting = false;
        });
      }
      return catalog;
    },
  };
}
