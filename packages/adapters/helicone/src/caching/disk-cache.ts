import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResponseCache } from './cache.ts';

let written = 0;

/** In files of one directory, readable by its owner only: answers may be confidential. */
export function createDiskCache(directory: string, now: () => number = Date.now): ResponseCache {
  const fileOf = (key: string): string => join(directory, `${key}.json`);
  return {
    get: async (key) => {
      const entry = await readEntry(fileOf(key));
      if (entry === undefined) return undefined;
      if (entry.untilMs > now()) return entry.value;
      await rm(fileOf(key), { force: true });
      return undefined;
    },
    set: async (key, value, ttlSeconds) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // Written aside and renamed, so that nobody reads half an answer.
      written += 1;
      const aside = join(directory, `${process.pid}-${written}.tmp`);
      await writeFile(aside, JSON.stringify({ value, untilMs: now() + ttlSeconds * 1000 }), { mode: 0o600 });
      await rename(aside, fileOf(key));
    },
  };
}

async function readEntry(
  file: string,
): Promise<{ readonly value: string; readonly untilMs: number } | undefined> {
  try {
    const { value, untilMs } = JSON.parse(await readFile(file, 'utf8'));
    return typeof value === 'string' && typeof untilMs === 'number' ? { value, untilMs } : undefined;
  } catch {
    return undefined;
  }
}
