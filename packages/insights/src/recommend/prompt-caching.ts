import { subtractMoney, type Usage } from '@genops/core';
import type { PriceBook } from '@genops/pricing';
import { nameOfPlace, priceElsewhere, type ReplayableCall } from '../replay.ts';
import { wilsonInterval } from '../statistics/compare.ts';
import type { Detector, Finding } from './finding.ts';
import { createRecent } from './recent.ts';
import { createSavings, type Savings } from './savings.ts';
import { type Work, workName, workOf } from './work.ts';

export interface PromptCachingOptions {
  readonly prices: Pick<PriceBook, 'price' | 'model'>;
  readonly currency: string;
  readonly workBy: readonly string[];
  /** How long a provider keeps a prompt. */
  readonly cacheLifetimeMs: number;
  /** The shortest prompt that a provider keeps, in tokens. */
  readonly minimumTokens: number;
}

/** Sessions remembered at once. */
const sessions = 50_000;

interface Turn {
  readonly atMs: number;
  readonly usage: Usage;
}

interface Conversations {
  readonly work: Work;
  readonly place: string;
  readonly savings: Savings;
  turns: number;
  repeats: number;
  cached: number;
}

/**
 * Finds conversations that send again what they sent before. A turn whose input is at least the input and the
 * output of the turn before it, soon after it, repeats that input; it is priced again with that much read from
 * a cache, and the first turn with all of it written to one.
 */
export function createPromptCaching(options: PromptCachingOptions): Detector {
  const { prices, currency, workBy, cacheLifetimeMs, minimumTokens } = options;
  const last = createRecent<Turn>(sessions);
  const found = new Map<string, Conversations>();
  const caches = new Map<string, boolean>();

  function hasCache(call: ReplayableCall): boolean {
    const name = nameOfPlace(call.place);
    let known = caches.get(name);
    if (known === undefined) {
      known =
        prices.model(call.place.provider, call.place.model, call.entry.at)?.prices.cache_read !== undefined;
      caches.set(name, known);
    }
    return known;
  }

  return {
    see(entry, call) {
      const session = entry.attribution.sessionId;
      if (session === undefined || call === undefined || call.own.currency !== currency) return;
      if (!hasCache(call)) return;
      const work = workOf(entry, workBy);
      const place = nameOfPlace(call.place);
      const turn: Turn = { atMs: Date.parse(entry.at), usage: call.usage };
      const before = last.get(`${session} ${place}`);
      last.set(`${session} ${place}`, turn);
      const key = `${work.key} ${place}`;
      let conversations = found.get(key);
      if (conversations === undefined) {
        conversations = { work, place, savings: createSavings(currency), turns: 0, repeats: 0, cached: 0 };
        found.set(key, conversations);
      }
      if ((call.usage.cacheReadInputTokens ?? 0) > 0) conversations.cached += 1;
      const repeated = before === undefined ? undefined : repeatedTokens(before, turn, cacheLifetimeMs);
      if (before !== undefined) conversations.turns += 1;
      if (repeated !== undefined) conversations.repeats += 1;
      const usage = cachedUsage(call.usage, repeated ?? 0, minimumTokens);
      if (usage === undefined) return;
      const there = priceElsewhere(prices, call, call.place, { usage });
      if (there !== undefined) conversations.savings.add(call, subtractMoney(call.own, there));
    },
    findings: () =>
      [...found.values()].filter(({ savings }) => savings.total().amount.gt('0')).map(toFinding),
  };
}

function repeatedTokens(before: Turn, turn: Turn, lifetimeMs: number): number | undefined {
  const gap = turn.atMs - before.atMs;
  const { inputTokens = 0, outputTokens = 0 } = before.usage;
  const grew = (turn.usage.inputTokens ?? 0) >= inputTokens + outputTokens;
  return grew && gap >= 0 && gap <= lifetimeMs ? inputTokens : undefined;
}

/** Usage with so much of the input read from a cache and the rest written to it; undefined where nothing changes. */
function cachedUsage(usage: Usage, repeated: number, minimum: number): Usage | undefined {
  const { inputTokens = 0, cacheReadInputTokens = 0, cacheCreationInputTokens = 0 } = usage;
  const plain =
    cacheReadInputTokens === 0 &&
    cacheCreationInputTokens === 0 &&
    usage.inputAudioTokens === undefined &&
    usage.inputImageTokens === undefined &&
    usage.inputVideoTokens === undefined;
  if (!plain || inputTokens < minimum) return undefined;
  const read = repeated < minimum ? 0 : repeated;
  return { ...usage, cacheReadInputTokens: read, cacheCreationInputTokens: inputTokens - read };
}

function toFinding({ work, place, savings, turns, repeats, cached }: Conversations): Finding {
  return {
    optimizationType: 'prompt_caching',
    title: `Cache the prompts of ${workName(work)} at ${place}`,
    subject: { ...work.subject, place },
    potentialSavings: savings.total(),
    sampleSize: savings.calls,
    evidence: [
      ...savings.evidence(),
      {
        value: wilsonInterval({ successes: repeats, trials: turns })[0],
        because: `${repeats} of ${turns} later turns are as long as if they repeated the turn before, in time for a cache`,
      },
    ],
    effortLevel: 'low',
    assumption:
      'Input that grows by at least the answer before it begins with the input before it, word for word',
    against: cached > 0 ? [`${cached} calls read from a cache already`] : [],
  };
}
