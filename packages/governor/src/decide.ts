import { type Decision, hasErrorCode, type Refusal, refusalCode } from '@genops/core';
import type { MatchedLimit, Ruling } from '@genops/policy';
import type { RejectedRoute } from '@genops/router';
import type { Candidate } from './estimate.ts';
import type { IdentifiedCall } from './identify.ts';
import type { Line } from './line.ts';

/** What the rules say of the call, the places that they leave, and the limits that it will draw on. */
export interface Verdict {
  readonly decision: Decision;
  readonly limits: readonly MatchedLimit[];
  /** Where the call may go. */
  readonly candidates: readonly Candidate[];
  /** Where it may not go, and why. */
  readonly excluded: readonly RejectedRoute[];
  readonly refusal?: Refusal;
}

/**
 * Asks the rules about each place, and what to do when no place that could serve the call has a known
 * price. A call is refused when no place is left; the place that was addressed says why.
 */
export function decide(line: Line, identified: IdentifiedCall, all: readonly Candidate[]): Verdict {
  const verdict = judge(line, identified, all);
  if (verdict.candidates.every(({ target }) => target.translation === undefined)) return verdict;
  const candidates: Candidate[] = [];
  const excluded: RejectedRoute[] = [];
  for (const candidate of verdict.candidates) {
    const translated = translateFor(identified, candidate);
    if (typeof translated === 'string') excluded.push(without(candidate, translated));
    else candidates.push(translated);
  }
  const [first] = excluded;
  return {
    ...verdict,
    candidates,
    excluded: [...verdict.excluded, ...excluded],
    ...(candidates.length === 0 && first !== undefined && { refusal: untranslatable(first.reason) }),
  };
}

/** What cannot be said in the provider's format is named here, before anything is held or sent. */
function translateFor({ opened, request }: IdentifiedCall, candidate: Candidate): Candidate | string {
  const { target, bound, requestModel } = candidate;
  if (target.translation === undefined) return candidate;
  const cap = bound.result === 'bounded' ? bound.maxOutputTokens : undefined;
  try {
    const translated = target.translation.request(request.body, {
      model: requestModel,
      stream: opened.facts.stream,
      ...(cap !== undefined && { maxOutputTokens: cap }),
    });
    return { ...candidate, translated };
  } catch (error) {
    if (hasErrorCode(error, 'invalid_request')) return error.message;
    throw error;
  }
}

function untranslatable(message: string): Refusal {
  const reasonCode = 'x_untranslatable';
  return { status: 400, reasonCode, code: refusalCode(reasonCode), message };
}

function judge(line: Line, identified: IdentifiedCall, all: readonly Candidate[]): Verdict {
  const { call } = identified;
  const limits = line.limits.of(call);
  const rulings = all.map((candidate) => ({ candidate, ruling: rule(line, identified, candidate) }));
  const allowed = rulings.filter(({ ruling }) => ruling.verdict !== 'blocked');
  const excluded = rulings.flatMap(({ candidate, ruling }) =>
    ruling.verdict === 'blocked' ? [without(candidate, ruling.message ?? 'a rule denies it')] : [],
  );
  const addressed = rulings[0]?.ruling as Ruling;
  const [first] = allowed;
  if (first === undefined) {
    return { decision: decisionOf(addressed), limits, candidates: [], excluded, refusal: denied(addressed) };
  }
  const decision = decisionOf(first.ruling);

  const priced = allowed.filter(({ candidate }) => candidate.bound.result === 'bounded');
  if (priced.length > 0) {
    const unpriced = allowed.filter(({ candidate }) => candidate.bound.result !== 'bounded');
    return {
      decision,
      limits,
      candidates: priced.map(({ candidate }) => candidate),
      excluded: [...excluded, ...unpriced.map(({ candidate }) => without(candidate, 'no known price'))],
    };
  }
  const candidates = allowed.map(({ candidate }) => candidate);
  const { bound } = first.candidate;
  if (bound.result === 'unpriced') {
    const onUnpriced = line.policy.decideUnpriced(bound.reason, call.requestModel, limits);
    if (onUnpriced.verdict === 'blocked') {
      const refusal = {
        ...denied(onUnpriced),
        remedy: 'Add a price for it to the price overrides, or set onUnpriced: allow in the policy',
      };
      const unpriced = candidates.map((candidate) => without(candidate, 'no known price'));
      return {
        decision: decisionOf(onUnpriced),
        limits,
        candidates: [],
        excluded: [...excluded, ...unpriced],
        refusal,
      };
    }
  }
  return { decision, limits, candidates, excluded };
}

/** Rules look at the provider and at every model that may really serve: one that is denied denies the place. */
function rule(line: Line, { call, opened }: IdentifiedCall, { target, requestModel }: Candidate): Ruling {
  const provider = target.provider.id;
  const asAddressed = provider === call.provider && requestModel === call.requestModel;
  const own = line.policy.decide(asAddressed ? call : { ...call, provider, requestModel });
  const { alternativeModels = [] } = opened.facts;
  if (own.verdict === 'blocked' || alternativeModels.length === 0) return own;
  const others = alternativeModels.map((model) =>
    line.policy.decide({ ...call, provider, requestModel: model }),
  );
  return others.find(({ verdict }) => verdict === 'blocked') ?? own;
}

function without({ target, requestModel }: Candidate, reason: string): RejectedRoute {
  return { targetId: `${target.provider.id}/${requestModel}`, reason };
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
