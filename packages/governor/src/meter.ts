import type { AnswerFacts, Dialect, Outcome, Usage } from '@genops/core';
import type { Attempt } from './attempt.ts';
import type { IdentifiedCall } from './identify.ts';
import { bytesPerToken } from './needs.ts';
import type { Plan } from './plan.ts';
import { neverLeft } from './transport.ts';

/** What an attempt consumed, and how sure that is. */
export interface Metered {
  readonly outcome: Outcome;
  /** Absent when nothing reached the provider. */
  readonly usage: Usage | undefined;
  readonly estimated: boolean;
  readonly flags: readonly string[];
  readonly facts: AnswerFacts;
}

/**
 * Reads consumption off the answer, and where the answer does not say, estimates it: never below the
 * input, never above what was held.
 */
export function meter(identified: IdentifiedCall, plan: Plan, attempt: Attempt): Metered {
  switch (attempt.result) {
    case 'failed': {
      const outcome = attempt.cancelled ? 'cancelled' : neverLeft(attempt.error) ? 'failed' : 'unknown';
      if (neverLeft(attempt.error))
        return { outcome, usage: undefined, estimated: false, flags: [], facts: {} };
      return estimated(outcome, 'unanswered', attempt.facts, seenOutput(identified, plan, 0, 0));
    }
    case 'answered': {
      const { facts, status, body } = attempt;
      if (status >= 300) return { outcome: 'failed', usage: {}, estimated: false, flags: [], facts };
      const outcome = facts.error === undefined ? 'completed' : 'failed';
      if (facts.usageProblem !== undefined)
        return estimated(outcome, 'usage_invalid', facts, boundUsage(plan));
      const usageComes = usageComesOf(identified);
      if (usageComes === 'later' || (facts.pending && facts.usage === undefined))
        return estimated(outcome, 'results_pending', facts, boundUsage(plan));
      if (usageComes === 'never') return known(outcome, facts, facts.usage ?? {});
      if (facts.usage !== undefined) return known(outcome, facts, facts.usage);
      if (facts.error !== undefined) return { outcome, usage: {}, estimated: false, flags: [], facts };
      return estimated(outcome, 'usage_missing', facts, seenOutput(identified, plan, body.byteLength, 1));
    }
    case 'streamed': {
      const { facts } = attempt;
      const outcome = attempt.cancelled
        ? 'cancelled'
        : attempt.broken !== undefined || !facts.complete
          ? 'incomplete'
          : facts.error !== undefined
            ? 'failed'
            : 'completed';
      if (facts.usageProblem !== undefined)
        return estimated(outcome, 'usage_invalid', facts, boundUsage(plan));
      if (facts.pending) return estimated(outcome, 'results_pending', facts, boundUsage(plan));
      const { usage } = facts;
      if (usage !== undefined && (facts.complete || facts.usageIsFinal === true))
        return known(outcome, facts, usage);
      const seen = seenOutput(identified, plan, facts.outputBytes, facts.outputEvents);
      return estimated(outcome, 'usage_missing', facts, atLeast(seen, usage));
    }
  }
}

/** When a call's usage comes, where its answer does not tell it. */
export function usageComesOf({ request, opened }: IdentifiedCall): Dialect['usageComes'] {
  return opened.facts.usageComes ?? request.dialect.usageComes;
}

function known(outcome: Outcome, facts: AnswerFacts, usage: Usage): Metered {
  const flags = facts.unreadUsage !== undefined && facts.unreadUsage.length > 0 ? ['usage_unread'] : [];
  return { outcome, usage, estimated: false, flags, facts };
}

function estimated(outcome: Outcome, flag: string, facts: AnswerFacts, usage: Usage): Metered {
  return { outcome, usage, estimated: true, flags: [flag], facts };
}

/** Text other than English has fewer bytes to a token, which the count of events makes up for. */
function seenOutput(
  identified: IdentifiedCall,
  plan: Plan,
  outputBytes: number,
  outputEvents: number,
): Usage {
  const most = boundUsage(plan);
  const inputTokens = Math.max(1, Math.ceil(identified.opened.facts.inputBytes / bytesPerToken));
  const outputTokens = Math.max(outputEvents, Math.ceil(outputBytes / bytesPerToken));
  return {
    inputTokens: Math.min(inputTokens, most.inputTokens),
    outputTokens: Math.min(outputTokens, most.outputTokens),
  };
}

/** What was held for, as usage. */
function boundUsage(plan: Plan): { readonly inputTokens: number; readonly outputTokens: number } {
  const { bound } = plan.route;
  if (bound.result === 'bounded') return { inputTokens: bound.inputTokens, outputTokens: bound.outputTokens };
  return { inputTokens: plan.tokens, outputTokens: plan.tokens };
}

/** A partial report can only raise an estimate. */
function atLeast(seen: Usage, reported: Usage | undefined): Usage {
  if (reported === undefined) return seen;
  return {
    ...reported,
    inputTokens: Math.max(seen.inputTokens ?? 0, reported.inputTokens ?? 0),
    outputTokens: Math.max(seen.outputTokens ?? 0, reported.outputTokens ?? 0),
  };
}
