/** Keeps answers for a while. What is not there any more is simply not found. */
export interface ResponseCache {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
}

/** In this process; what was longest unused goes first. */
export function createMemoryCache(
  options: { readonly maxEntries?: number; readonly now?: () => number } = {},
): ResponseCache {
  const { maxEntries = 1_000, now = Date.now } = options;
  const entries = new Map<string, { readonly value: string; readonly untilMs: number }>();
  return {
    get: async (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (entry.untilMs <= now()) return undefined;
      entries.set(key, entry);
      return entry.value;
    },
    set: async (key, value, ttlSeconds) => {
      entries.delete(key);
      entries.set(key, { value, untilMs: now() + ttlSeconds * 1000 });
      if (entries.size > maxEntries) entries.delete(entries.keys().next().value as string);
    },
  };
}

/** What is used of a Redis client: `ioredis` and `redis` both have it, one of them by another name. */
export interface RedisLike {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, mode: 'EX', seconds: number): Promise<unknown>;
}

/** In Redis, shared by whoever uses the same one. */
export function createRedisCache(client: RedisLike, prefix = 'genops:cache:'): ResponseCache {
  return {
    get: async (key) => (await client.get(prefix + key)) ?? undefined,
    set: async (key, value, ttlSeconds) => {
      await client.set(prefix + key, value, 'EX', ttlSeconds);
    },
  };
}
