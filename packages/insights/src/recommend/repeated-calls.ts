import { attributeOf } from '@genops/core';
import type { Detector, Finding } from './finding.ts';
import { createRecent } from './recent.ts';
import { createSavings, type Savings } from './savings.ts';
import { type Work, workName, workOf } from './work.ts';

export interface RepeatedCallsOptions {
  readonly currency: string;
  readonly workBy: readonly string[];
  /** The dimension that holds a hash of the request: prompts are in no ledger. */
  readonly fingerprint: string;
  /** How long an answer may be given again. */
  readonly cacheLifetimeMs: number;
}

/** Requests remembered at once. */
const requests = 100_000;

/** Finds calls that a cache of answers would have served: the same request, of the same tenant, soon after. */
export function createRepeatedCalls(options: RepeatedCallsOptions): Detector {
  const { currency, workBy, fingerprint, cacheLifetimeMs } = options;
  const answered = createRecent<number>(requests);
  const found = new Map<string, { readonly work: Work; readonly savings: Savings; calls: number }>();
  return {
    see(entry, call) {
      const mark = attributeOf(entry.attribution, fingerprint);
      if (mark === undefined || call === undefined || call.own.currency !== currency) return;
      if (entry.outcome !== 'completed') return;
      const { organization, team, customerId } = entry.attribution;
      const key = JSON.stringify([mark, organization, team, customerId, call.place]);
      const atMs = Date.parse(entry.at);
      const before = answered.get(key);
      const work = workOf(entry, workBy);
      const repeats = found.get(work.key) ?? { work, savings: createSavings(currency), calls: 0 };
      repeats.calls += 1;
      found.set(work.key, repeats);
      const isRepeat = before !== undefined && atMs >= before && atMs - before <= cacheLifetimeMs;
      if (isRepeat) repeats.savings.add(call, call.own);
      else answered.set(key, atMs);
    },
    findings: () =>
      [...found.values()]
        .filter(({ savings }) => savings.calls > 0)
        .map(
          ({ work, savings, calls }): Finding => ({
            optimizationType: 'response_cache',
            title: `Keep answers of ${workName(work)} in a cache`,
            subject: work.subject,
            potentialSavings: savings.total(),
            sampleSize: calls,
            evidence: savings.evidence(),
            effortLevel: 'low',
            assumption: `The same request may get the same answer again for ${cacheLifetimeMs / 3_600_000} hours`,
            against: [`${calls - savings.calls} of ${calls} calls were asked for the first time`],
          }),
        ),
  };
}
