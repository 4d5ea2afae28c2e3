import { type Decision, type Refusal, refusalCode } from '@genops/core';
import type { MatchedLimit, Ruling } from '@genops/policy';
import type { Candidate } from './estimate.ts';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';

/** What the rules say of the call, and the limits that it will draw on. */
export interface Verdict {
  readonly decision: Decision;
  readonly limits: readonly MatchedLimit[];
  readonly refusal?: Refusal;
}

/** Asks the rules, and what to do when no place that could serve the call has a known price. */
export function decide(line: Line, identified: IdentifiedCall, candidates: readonly Candidate[]): Verdict {
  const { call } = identified;
  const limits = line.limits.of(call);
  const ruling = line.policy.decide(call);
  if (ruling.verdict === 'blocked') return { decision: decisionOf(ruling), limits, refusal: denied(ruling) };

  const unpriced = candidates.every(({ bound }) => bound.result === 'unpriced')
    ? candidates[0]?.bound
    : undefined;
  if (unpriced?.result === 'unpriced') {
    const onUnpriced = line.policy.decideUnpriced(unpriced.reason, call.requestModel, limits);
    if (onUnpriced.verdict === 'blocked') {
      const refusal = {
        ...denied(onUnpriced),
        remedy: 'Add a price for it to the price overrides, or set onUnpriced: allow in the policy',
      };
      return { decision: decisionOf(onUnpriced), limits, refusal };
    }
  }
  return { decision: decisionOf(ruling), limits };
}

function decisionOf(ruling: Ruling): Decision {
  return {
    verdict: ruling.verdict,
    ...(ruling.reasonCode !== undefined && { reasonCode: ruling.reasonCode }),
    ...(ruling.message !== undefined && { message: ruling.message }),
    rules: ruling.rules,
    limits: [],
    ...(ruling.wouldHave.length > 0 && { wouldHave: ruling.wouldHave }),
  };
}

function denied(ruling: Ruling): Refusal {
  const reasonCode = ruling.reasonCode ?? 'x_denied';
  return {
    status: 403,
    reasonCode,
    code: refusalCode(reasonCode),
    message: ruling.message ?? 'A rule denies this call',
  };
}
