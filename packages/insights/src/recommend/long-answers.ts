import type { LedgerEntry, Meter } from '@genops/core';
import { nameOfPlace } from '../replay.ts';
import { wilsonInterval } from '../statistics/compare.ts';
import type { Detector, Finding } from './finding.ts';
import { createTokenTail, pricePerUnit, type TokenTail } from './token-tail.ts';
import { type Work, workName, workOf } from './work.ts';

export interface LongAnswersOptions {
  readonly currency: string;
  readonly workBy: readonly string[];
}

/** Fewer calls say too little of what is usual. */
const leastCalls = 100;

interface Answers {
  readonly work: Work;
  readonly place: string;
  readonly output: TokenTail;
  readonly reasoning: TokenTail;
  incomplete: number;
}

/**
 * Looks at how long answers are, work by work: what a cap at the length that 95 % keep to would have saved, and
 * what it would have saved if calls that reason more than the usual one had reasoned as much as that one.
 */
export function createLongAnswers({ currency, workBy }: LongAnswersOptions): Detector {
  const found = new Map<string, Answers>();
  return {
    see(entry, call) {
      const { cost } = entry;
      if (call === undefined || cost.result !== 'priced' || cost.total.currency !== currency) return;
      const work = workOf(entry, workBy);
      const place = nameOfPlace(call.place);
      const key = `${work.key} ${place}`;
      let answers = found.get(key);
      if (answers === undefined) {
        answers = { work, place, output: createTokenTail(), reasoning: createTokenTail(), incomplete: 0 };
        found.set(key, answers);
      }
      add(answers.output, entry, 'output', call.usage.outputTokens);
      add(answers.reasoning, entry, 'reasoning', call.usage.reasoningOutputTokens);
      if (entry.outcome === 'incomplete') answers.incomplete += 1;
    },
    findings: () => [...found.values()].flatMap((answers) => findingsOf(answers, currency)),
  };
}

function add(tail: TokenTail, { cost }: LedgerEntry, meter: Meter, tokens: number | undefined): void {
  const price = cost.result === 'priced' ? pricePerUnit(cost.lines, meter) : undefined;
  if (price !== undefined && tokens !== undefined) tail.add(tokens, price);
}

function findingsOf(
  { work, place, output, reasoning, incomplete }: Answers,
  currency: string,
): readonly Finding[] {
  const cap = output.quantile(0.95);
  const usual = reasoning.quantile(0.5);
  const shared = { currency, subject: { ...work.subject, place } };
  return [
    ...cutAt(cap, output, {
      ...shared,
      optimizationType: 'output_cap',
      title: `Cap answers of ${workName(work)} by ${place} at ${cap} tokens`,
      named: 'maxOutputTokens',
      doubt: 'nobody knows whether what is cut off was needed: as likely as not',
      effortLevel: 'low',
      assumption: 'What goes beyond the length that 95 % of the answers keep to is not needed',
      against: (calls, most) => [
        `${calls} answers were longer, up to ${most} tokens; asked again they cost more`,
        ...(incomplete > 0 ? [`${incomplete} answers broke off already`] : []),
      ],
    }),
    ...cutAt(usual, reasoning, {
      ...shared,
      optimizationType: 'reasoning',
      title: `Have ${place} reason less for ${workName(work)}`,
      named: 'usualReasoningTokens',
      doubt: 'nobody knows whether the longer thoughts were needed: as likely as not',
      effortLevel: 'medium',
      assumption: `No call needs more than the ${usual} reasoning tokens of the usual one`,
      against: (calls, most) => [
        `${calls} calls reasoned more, up to ${most} tokens; they may be the hard ones`,
      ],
    }),
  ];
}

interface Cut extends Pick<Finding, 'optimizationType' | 'title' | 'subject' | 'effortLevel' | 'assumption'> {
  readonly currency: string;
  /** How the length is called in the subject. */
  readonly named: string;
  readonly doubt: string;
  readonly against: (calls: number, most: number) => readonly string[];
}

/** What would have been saved had nothing been longer than that. */
function cutAt(tokens: number, tail: TokenTail, cut: Cut): readonly Finding[] {
  const { currency, subject, named, doubt, against, ...words } = cut;
  if (tail.calls < leastCalls) return [];
  const beyond = tail.beyond(tokens);
  if (!beyond.amount.gt('0')) return [];
  const same = tail.calls - beyond.calls;
  return [
    {
      ...words,
      subject: { ...subject, [named]: String(tokens) },
      potentialSavings: { amount: beyond.amount, currency },
      sampleSize: tail.calls,
      evidence: [
        {
          value: wilsonInterval({ successes: same, trials: tail.calls })[0],
          because: `${same} of ${tail.calls} calls stay as they are`,
        },
        { value: 0.5, because: doubt },
      ],
      against: against(beyond.calls, tail.quantile(1)),
    },
  ];
}
