import { randomUUID } from 'node:crypto';
import { type Attribution, askChat, type ChatRequestOptions } from '@genops/core';
import type { OwnCache } from './caching/own-cache.ts';
import { heliconeError } from './errors.ts';
import { attributionHeaders, heliconeHeaders } from './headers.ts';
import type { HeliconeAdapterOptions, HeliconeChatOptions, HeliconeChatResult } from './helicone-adapter.ts';
import { maxCost } from './limits.ts';
import { waitForRate } from './rate-backoff.ts';
import { type HeliconeChatStream, type ReadStream, readWords } from './streaming/chat-stream.ts';
import { letGoOf } from './streaming/let-go.ts';
import { openStream } from './streaming/open-stream.ts';
import { listenForSettlement, type Settled } from './streaming/settlements.ts';
import type { Ask, Placed } from './travel.ts';

/** Puts a question to one provider through the gateway. */
export interface Asking {
  readonly whole: Ask<Omit<HeliconeChatResult, keyof Placed>>;
  readonly stream: Ask<Omit<HeliconeChatStream, keyof Placed>>;
}

export interface AskingOptions
  extends Pick<HeliconeAdapterOptions, 'governor' | 'client' | 'complianceMode' | 'timeoutSeconds'> {
  readonly cache: OwnCache;
  readonly sleep: NonNullable<HeliconeAdapterOptions['sleep']>;
  /** How often a rate limit is waited for. */
  readonly rateAttempts: () => number;
  readonly onError: (error: unknown) => void;
}

export function createAsking(options: AskingOptions): Asking {
  const { governor, client, cache, complianceMode = false, timeoutSeconds } = options;
  const { sleep, rateAttempts, onError } = options;

  const requestOptions = (chat: HeliconeChatOptions, attribution: Attribution): ChatRequestOptions => {
    const cacheSeconds = complianceMode ? undefined : chat.cacheSeconds;
    return {
      headers: {
        ...attributionHeaders(attribution),
        ...heliconeHeaders({
          requestId: randomUUID(),
          cacheSeed: attribution.customerId ?? attribution.team ?? 'shared',
          ...(cacheSeconds !== undefined && { cacheSeconds }),
          ...(complianceMode && { omit: ['request', 'response'] as const }),
        }),
      },
      ...(timeoutSeconds !== undefined && { timeout: timeoutSeconds * 1000 }),
    };
  };
  /** Within what this call may cost, and after waiting for the rate limit. */
  const within = <Answer>(chat: HeliconeChatOptions, send: () => Promise<Answer>): Promise<Answer> =>
    waitForRate(
      () => (chat.maxCost === undefined ? send() : governor.withLimits([maxCost(chat.maxCost)], send)),
      { attempts: rateAttempts(), sleep },
    );

  return {
    whole: async ({ chat, attribution }, question, provider) => {
      const { headers, ...answer } = await within(chat, () =>
        askChat(client, question, requestOptions(chat, attribution)),
      );
      const cached = cachedBy(headers);
      if (cached.cached === undefined) await cache.remember(attribution, provider, question, answer);
      return { ...answer, ...cached };
    },
    stream: async ({ chat, attribution }, question, provider) => {
      const settlement = listenForSettlement(governor);
      const abort = new AbortController();
      try {
        const { chunks, headers } = await within(chat, () =>
          openStream(client, question, { ...requestOptions(chat, attribution), signal: abort.signal }),
        );
        settlement.of(headers.get('x-genops-request-id'));
        const cached = cachedBy(headers);
        const { promise: ended, resolve } = Promise.withResolvers<ReadStream>();
        const words = readWords({
          chunks,
          abort: () => abort.abort(),
          broken: (error) => heliconeError(provider, error),
          onEnd: resolve,
        });
        return letGoOf(words, {
          ended: ended.then(async ({ id, text, complete }) => {
            const { usage = {}, cost }: Settled = await settlement.settled();
            const costs = cost !== undefined && { cost };
            if (complete && cached.cached === undefined) {
              const answer = { id, model: question.model, choices: [{ message: { content: text } }] };
              const kept = { text, answer, usage, ...costs };
              await cache.remember(attribution, provider, question, kept).catch(onError);
            }
            return { text, usage, complete, ...costs };
          }),
          ...cached,
        });
      } catch (error) {
        settlement.end();
        throw error;
      }
    },
  };
}

function cachedBy(headers: Headers): { readonly cached?: 'helicone' } {
  return headers.get('helicone-cache')?.toUpperCase() === 'HIT' ? { cached: 'helicone' } : {};
}
