import type { Attribution, ChatQuestion } from '@genops/core';
import type { CachingOptions, HeliconeAdapterOptions, HeliconeChatResult } from '../helicone-adapter.ts';
import { questionOf, type Travel } from '../travel.ts';
import { createMemoryCache, type ResponseCache } from './cache.ts';
import { cacheKeyOf } from './cache-key.ts';
import { type CachedAnswer, readCached, writeCached } from './cached-answer.ts';

/** Answers that are kept here, not at Helicone. Off until it is switched on. */
export interface OwnCache {
  readonly enable: (options: CachingOptions) => void;
  /** An answer that was kept, of the first provider in the order that has one; booked at nothing, with what it avoided. */
  readonly find: (travel: Travel) => Promise<HeliconeChatResult | undefined>;
  readonly remember: (
    attribution: Attribution,
    provider: string,
    question: ChatQuestion,
    answer: CachedAnswer,
  ) => Promise<void>;
}

/** @param gatewayId - of the record that hits are booked on */
export function createOwnCache(
  governor: Pick<HeliconeAdapterOptions['governor'], 'recordUsage'>,
  gatewayId: string,
): OwnCache {
  let caching: (CachingOptions & { readonly cache: ResponseCache }) | undefined;

  const keyOf = (attribution: Attribution, provider: string, question: ChatQuestion): string =>
    cacheKeyOf(caching?.cacheKeyStrategy ?? 'exact_match', attribution, provider, question);

  return {
    enable: (options) => {
      const { cacheProvider = 'memory' } = options;
      caching = { ...options, cache: cacheProvider === 'memory' ? createMemoryCache() : cacheProvider };
    },
    find: async ({ chat, order, modelOf, attribution }) => {
      if (caching === undefined) return undefined;
      for (const provider of order) {
        const model = modelOf(provider);
        const found = readCached(
          await caching.cache.get(keyOf(attribution, provider, questionOf(chat, model))),
        );
        if (found === undefined) continue;
        const { cost: avoided, ...answer } = found;
        const entry = await governor.recordUsage({
          provider: gatewayId,
          model,
          usage: {},
          ...(avoided !== undefined && { avoided }),
        });
        const cost = entry.cost.result === 'priced' ? { cost: entry.cost.total } : {};
        return { ...answer, ...cost, provider, model, cached: 'own', order };
      }
      return undefined;
    },
    remember: async (attribution, provider, question, answer) => {
      if (caching === undefined) return;
      await caching.cache.set(keyOf(attribution, provider, question), writeCached(answer), caching.cacheTtl);
    },
  };
}
