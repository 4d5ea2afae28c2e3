import { type LedgerEntry, subtractMoney } from '@genops/core';
import type { PriceBook } from '@genops/pricing';
import { nameOfPlace, priceElsewhere } from '../replay.ts';
import type { Detector, Finding } from './finding.ts';
import { createSavings, type Savings } from './savings.ts';
import { type Work, workName, workOf } from './work.ts';

export interface BatchTierOptions {
  readonly prices: Pick<PriceBook, 'price' | 'model'>;
  readonly currency: string;
  readonly workBy: readonly string[];
  /** Which calls can wait a day; absent when nobody said so. */
  readonly deferrable?: (entry: LedgerEntry) => boolean;
}

interface Waiting {
  readonly work: Work;
  readonly place: string;
  readonly savings: Savings;
}

/** Prices calls at the batch tier that nobody seems to wait for: not streamed, in no session. */
export function createBatchTier({ prices, currency, workBy, deferrable }: BatchTierOptions): Detector {
  const found = new Map<string, Waiting>();
  const tiers = new Map<string, boolean>();
  return {
    see(entry, call) {
      if (call === undefined || call.own.currency !== currency) return;
      const canWait = deferrable?.(entry) ?? (!entry.stream && entry.attribution.sessionId === undefined);
      const tier = call.place.serviceTier ?? 'standard';
      if (!canWait || (tier !== 'standard' && tier !== 'default')) return;
      const place = nameOfPlace(call.place);
      let hasBatch = tiers.get(place);
      if (hasBatch === undefined) {
        const model = prices.model(call.place.provider, call.place.model, entry.at);
        hasBatch = model?.serviceTiers.includes('batch') ?? false;
        tiers.set(place, hasBatch);
      }
      const there = hasBatch
        ? priceElsewhere(prices, call, { ...call.place, serviceTier: 'batch' })
        : undefined;
      if (there === undefined) return;
      const work = workOf(entry, workBy);
      const key = `${work.key} ${place}`;
      let waiting = found.get(key);
      if (waiting === undefined) {
        waiting = { work, place, savings: createSavings(currency) };
        found.set(key, waiting);
      }
      waiting.savings.add(call, subtractMoney(call.own, there));
    },
    findings: () =>
      [...found.values()]
        .filter(({ savings }) => savings.total().amount.gt('0'))
        .map((waiting) => toFinding(waiting, deferrable !== undefined)),
  };
}

function toFinding({ work, place, savings }: Waiting, declared: boolean): Finding {
  return {
    optimizationType: 'batch',
    title: `Send ${workName(work)} to ${place} in batches`,
    subject: { ...work.subject, place },
    potentialSavings: savings.total(),
    sampleSize: savings.calls,
    evidence: [
      ...savings.evidence(),
      declared
        ? { value: 1, because: 'these calls are declared to be able to wait' }
        : { value: 0.5, because: 'nobody said whether these calls can wait: as likely as not' },
    ],
    effortLevel: 'high',
    assumption: 'The answers are not needed before a batch is done, usually within a day',
    against: declared ? [] : ['calls that are not streamed may be waited for all the same'],
  };
}
