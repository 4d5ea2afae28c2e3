import type { Money } from '@genops/core';
import type { Candidate } from './estimate.ts';
import type { IdentifiedCall } from './identify.ts';

/** Where the call goes, and what has to be held for it. */
export interface Plan {
  readonly route: Candidate;
  /** The most that it can come to; absent when no price is known. */
  readonly cost: Money | undefined;
  /** The most tokens that it can come to. */
  readonly tokens: number;
  /** Cap of each answer that the bound relies on although the caller set none. */
  readonly maxOutputTokens: number | undefined;
}

/** Assumed for each answer when neither the caller nor the catalogue says how long it may get. */
const assumedOutputTokens = 4096;

/** Chooses the first place with a known price, else the one that the caller addressed. */
export function plan(identified: IdentifiedCall, candidates: readonly [Candidate, ...Candidate[]]): Plan {
  const route = candidates.find(({ bound }) => bound.result === 'bounded') ?? candidates[0];
  if (route.bound.result === 'bounded') {
    const { cost, inputTokens, outputTokens, maxOutputTokens } = route.bound;
    return { route, cost: cost.total, tokens: inputTokens + outputTokens, maxOutputTokens };
  }
  const { facts } = identified.opened;
  const perAnswer = facts.maxOutputTokens ?? assumedOutputTokens;
  return {
    route,
    cost: undefined,
    tokens: facts.inputBytes + perAnswer * facts.choices,
    maxOutputTokens: facts.maxOutputTokens === undefined ? assumedOutputTokens : undefined,
  };
}
