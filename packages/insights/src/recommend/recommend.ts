import type { LedgerEntry, Money } from '@genops/core';
import type { EntryFilter, Ledger } from '@genops/ledger';
import type { Candidate, PriceBook } from '@genops/pricing';
import { createMoneyTally, knownCost } from '../amounts.ts';
import { eachEntry } from '../each-entry.ts';
import { type NotReplayable, replayable } from '../replay.ts';
import { createBatchTier } from './batch-tier.ts';
import { createCheaperPlaces } from './cheaper-places.ts';
import type { Detector, Finding } from './finding.ts';
import { createLongAnswers } from './long-answers.ts';
import { createPriceChanges, type Retirement } from './price-changes.ts';
import { createPromptCaching } from './prompt-caching.ts';
import { type Recommendation, toRecommendation } from './recommendation.ts';
import { createRepeatedCalls } from './repeated-calls.ts';
import { createUnusedBudgets } from './unused-budgets.ts';
import { placesInUse, usualWork } from './work.ts';

export interface RecommendOptions {
  readonly prices: PriceBook;
  /** What is looked at, by instants: inclusive, exclusive. */
  readonly from: string;
  readonly until: string;
  readonly match?: EntryFilter['match'];
  /** Savings are told in this currency. @default 'USD' */
  readonly currency?: string;
  /** What makes calls the same kind of work. @default ['operation', 'team', 'project', 'feature'] */
  readonly workBy?: readonly string[];
  /** Places that can do all of the work, because somebody says so. */
  readonly candidates?: readonly Candidate[];
  /** How much lower a share of finished answers may be elsewhere. @default 0.01 */
  readonly tolerance?: number;
  /** Which calls can wait a day. @default those that are not streamed and in no session, with half the confidence */
  readonly deferrable?: (entry: LedgerEntry) => boolean;
  /** The dimension that holds a hash of the request. @default 'tags.promptHash' */
  readonly fingerprint?: string;
  /** How long an answer may be given again out of a cache. @default one day */
  readonly answerLifetimeMs?: number;
  /** How long providers keep a prompt. @default five minutes */
  readonly promptLifetimeMs?: number;
  /** The shortest prompt that providers keep, in tokens. @default 1024 */
  readonly promptMinimumTokens?: number;
  /** Below which share a budget counts as unused. @default 0.5 */
  readonly budgetUsedBelow?: number;
  /** How far ahead price changes are looked for. @default 90 */
  readonly horizonDays?: number;
  readonly retirements?: readonly Retirement[];
  /** What saves a smaller share of the spending is not told. @default 0.001 */
  readonly leastShare?: number;
}

export interface Recommendations {
  /** The most urgent first. Several may be about the same calls: their savings do not add up. */
  readonly recommendations: readonly Recommendation[];
  /** What was spent in the time looked at, in the currency. */
  readonly spend: Money;
  readonly calls: number;
  /** Entries that cannot be priced again, by reason. */
  readonly notReplayed: Readonly<Record<NotReplayable, number>>;
}

const dayMs = 86_400_000;

/**
 * What could be done to spend less: every saving is the difference between what calls cost and what the very same
 * calls would have cost otherwise, priced one by one. Nothing is a fixed percentage.
 */
export async function recommend(
  ledger: Pick<Ledger, 'sum' | 'entries'>,
  options: RecommendOptions,
): Promise<Recommendations> {
  const { prices, from, until, match, currency = 'USD', workBy = usualWork } = options;
  const filter: EntryFilter = { from, until, ...(match !== undefined && { match }) };
  const sums = await ledger.sum({
    by: [...workBy, 'provider', 'model'],
    filter: { ...filter, kind: ['settled'] },
  });
  const shared = { prices, currency, workBy };
  const detectors: readonly Detector[] = [
    createCheaperPlaces({
      ...shared,
      inUse: placesInUse(workBy, sums),
      candidates: options.candidates ?? [],
      tolerance: options.tolerance ?? 0.01,
      at: until,
    }),
    createPromptCaching({
      ...shared,
      cacheLifetimeMs: options.promptLifetimeMs ?? 300_000,
      minimumTokens: options.promptMinimumTokens ?? 1024,
    }),
    createBatchTier({ ...shared, ...(options.deferrable && { deferrable: options.deferrable }) }),
    createLongAnswers({ currency, workBy }),
    createRepeatedCalls({
      currency,
      workBy,
      fingerprint: options.fingerprint ?? 'tags.promptHash',
      cacheLifetimeMs: options.answerLifetimeMs ?? dayMs,
    }),
    createUnusedBudgets({ currency, until, usedBelow: options.budgetUsedBelow ?? 0.5 }),
    createPriceChanges({
      prices,
      currency,
      now: until,
      horizon: new Date(Date.parse(until) + (options.horizonDays ?? 90) * dayMs).toISOString(),
      retirements: options.retirements ?? [],
    }),
  ];
  const spent = createMoneyTally();
  const notReplayed: Record<NotReplayable, number> = { not_a_call: 0, no_usage: 0, no_price: 0 };
  let calls = 0;
  for await (const entry of eachEntry(ledger, filter)) {
    const cost = knownCost(entry);
    if (cost !== undefined) spent.add(cost);
    const call = replayable(prices, entry);
    if (typeof call === 'string') notReplayed[call] += 1;
    else calls += 1;
    for (const detector of detectors) detector.see(entry, typeof call === 'string' ? undefined : call);
  }
  const spend = spent.in(currency);
  const findings: readonly Finding[] = detectors.flatMap((detector) => detector.findings());
  const recommendations = findings
    .map((finding) => toRecommendation(finding, spend))
    .filter(
      ({ share, potentialSavings }) =>
        potentialSavings.amount.eq('0') || share >= (options.leastShare ?? 0.001),
    )
    .sort(
      (left, right) =>
        right.priorityScore - left.priorityScore ||
        right.potentialSavings.amount.cmp(left.potentialSavings.amount) ||
        (left.title < right.title ? -1 : 1),
    );
  return { recommendations, spend, calls, notReplayed };
}
