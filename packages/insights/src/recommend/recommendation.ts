import type { Money } from '@genops/core';
import { shareOf } from '../amounts.ts';
import type { EffortLevel, Evidence, Finding } from './finding.ts';

/** Something that could be done, with what it would have saved and how far that can be believed. */
export interface Recommendation extends Finding {
  /** `potentialSavings` as a share of all that was spent. */
  readonly share: number;
  /** 0 to 1: the product of the values of `evidence`. */
  readonly confidence: number;
  /** How the confidence comes about, in words. */
  readonly derivation: string;
  /** 0 to 100, what to look at first. It orders recommendations; nothing is computed from it. */
  readonly priorityScore: number;
}

/** What effort takes off a score, so that of two like savings the easier one comes first. */
const ease: Readonly<Record<EffortLevel, number>> = { low: 1, medium: 0.85, high: 0.7 };

/** An unused budget costs nothing, so it never comes before a saving of more than a percent. */
const withoutCost = 0.1;

/**
 * Scores a finding: a hundred times the root of the share of spending that can be expected to be saved, less for
 * what is harder to do. The root spreads small shares out; its order is theirs.
 */
export function toRecommendation(finding: Finding, spend: Money): Recommendation {
  const confidence = finding.evidence.reduce((product: number, { value }: Evidence) => product * value, 1);
  const share = Math.max(0, shareOf(finding.potentialSavings, spend) ?? 0);
  const stake = finding.stake === undefined ? share : Math.min(1, shareOf(finding.stake, spend) ?? 0);
  const weight = finding.optimizationType === 'budget' ? withoutCost * stake : Math.max(share, stake);
  const score = 100 * Math.sqrt(Math.min(1, confidence * weight)) * ease[finding.effortLevel];
  return {
    ...finding,
    share,
    confidence,
    derivation: finding.evidence.map(({ value, because }) => `${value.toFixed(2)}: ${because}`).join('; '),
    priorityScore: Math.round(score),
  };
}
