import { type Constraints, type Measured, violated } from './constraints.ts';
import type { Weighed } from './keys/draw-key.ts';
import { type Quality, unknownQuality } from './quality/quality.ts';
import type { StickyRoute } from './sticky.ts';
import { fieldOf, type RouteCandidate, type Strategy } from './strategies/strategy.ts';
import type { PricedTarget, RequestNeeds, RouteTarget } from './target.ts';

/** What is asked, whoever knows the places. */
export interface RouteQuestion {
  readonly targets: readonly PricedTarget[];
  readonly needs: RequestNeeds;
  readonly stream: boolean;
  readonly constraints?: Constraints;
  /** Goes first when it may serve. */
  readonly preferred?: PreferredRoute;
  /** Places that have more of this go before those that have less, whatever the strategy says. */
  readonly prefer?: Preferences;
  /** Orders all but the first: where to go when that fails. */
  readonly fallback?: Strategy;
}

export interface Preferences {
  readonly regions?: readonly string[];
  readonly tiers?: readonly string[];
}

export interface PreferredRoute extends StickyRoute {
  readonly why: string;
}

/**
 * What is known of places: from the live state when a plan is made, from the record when it is made again.
 * Everything that a decision looks at comes from the question or from here.
 */
export interface Knowledge {
  measured(target: RouteTarget): Measured;
  quality(target: RouteTarget): Quality | undefined;
  /** Why nothing may go there now. */
  closed(target: RouteTarget): string | undefined;
  /** The key that would serve; nothing where the caller's own credentials go out. */
  key(target: RouteTarget): KeyFound | undefined;
}

/** A key that was found for a target, or why there is none. */
export type KeyFound =
  | {
      readonly result: 'found';
      readonly keyId: string;
      /** The share that is left of its quotas, 0 to 1. */
      readonly headroom: number;
      readonly reason: string;
      /** The two that were weighed against one another, where that decided. */
      readonly weighed?: Weighed;
    }
  | { readonly result: 'none'; readonly reason: string; readonly backAtMs?: number };

/** Everything that was looked at for one candidate, and what came of it. */
export interface Judged {
  readonly priced: PricedTarget;
  /** Its probable cost as a number: compared, never charged. */
  readonly cost: number | undefined;
  /** Place in the configured order, from 0. */
  readonly position: number;
  readonly measured: Measured;
  readonly quality: Quality | undefined;
  /** Absent where it was not asked for, because something else spoke against the target. */
  readonly key: KeyFound | undefined;
  /** The breaker's word, when that decided. */
  readonly closed: string | undefined;
  /** Why it may not serve; absent where it may. */
  readonly against: string | undefined;
}

/** A candidate that may serve, in its place. */
export interface Ranked {
  readonly judged: Judged;
  readonly score: number;
  readonly reason: string;
}

export interface Decided {
  /** Best first. */
  readonly ranked: readonly Ranked[];
  /** In the configured order. */
  readonly against: readonly Judged[];
}

/**
 * Filters, scores and orders the candidates. A pure function: the same question, knowledge and strategy give
 * the same answer.
 */
export function decideRoute(question: RouteQuestion, knowledge: Knowledge, strategy: Strategy): Decided {
  const fit: Judged[] = [];
  const against: Judged[] = [];
  for (let position = 0; position < question.targets.length; position += 1) {
    const judged = judge(question, question.targets[position] as PricedTarget, position, knowledge);
    if (judged.against === undefined) fit.push(judged);
    else against.push(judged);
  }
  return { ranked: rank(question, fit, strategy), against };
}

const unconstrained: Constraints = {};

function judge(
  { needs, constraints = unconstrained, stream }: RouteQuestion,
  priced: PricedTarget,
  position: number,
  knowledge: Knowledge,
): Judged {
  const { target } = priced;
  const measured = knowledge.measured(target);
  const quality = knowledge.quality(target);
  const broken = violated({ priced, needs, constraints, measured, quality, stream });
  const closed = broken === undefined ? knowledge.closed(target) : undefined;
  const key = broken === undefined && closed === undefined ? knowledge.key(target) : undefined;
  const none = key?.result === 'none' ? key.reason : undefined;
  const cost = priced.cost && Number(priced.cost.amount.toFixed());
  return { priced, cost, position, measured, quality, key, closed, against: broken ?? closed ?? none };
}

/**
 * Best score first; of equals, the one configured first. What is preferred goes before that, and the one place
 * of a session or an experiment before all.
 */
function rank(question: RouteQuestion, fit: readonly Judged[], strategy: Strategy): Ranked[] {
  const [only] = fit;
  if (only !== undefined && fit.length === 1)
    return [{ judged: only, score: 1, reason: withKey(only, 'the only one that may serve') }];
  const { preferred, fallback } = question;
  const scored = scoredBy(strategy, question, fit, '');
  const first = scored.findIndex(({ judged }) => judged.priced.target.id === preferred?.targetId);
  const [chosen] = scored.splice(Math.max(0, first), 1);
  if (chosen === undefined) return [];
  const top = first < 0 ? chosen : { ...chosen, reason: `${preferred?.why}; ${chosen.reason}` };
  if (fallback === undefined) return [top, ...scored];
  const others = fit.filter((judged) => judged !== chosen.judged);
  return [top, ...scoredBy(fallback, question, others, 'if that fails: ')];
}

function scoredBy(
  strategy: Strategy,
  { stream, prefer }: RouteQuestion,
  fit: readonly Judged[],
  before: string,
): Ranked[] {
  const candidates = fit.map(candidateOf);
  const field = fieldOf(candidates, stream);
  const liked = fit.map(({ priced }) => likedOf(priced.target, prefer));
  const scores = candidates.map((candidate) => strategy.score(candidate, field));
  const order = scores.map((_, index) => index);
  const at = (values: readonly number[], index: number): number => values[index] as number;
  order.sort(
    (left, right) =>
      at(liked, right) - at(liked, left) || at(scores, right) - at(scores, left) || left - right,
  );
  return order.map((index) => {
    const judged = fit[index] as Judged;
    const why = at(liked, index) > 0 ? `${before}preferred; ` : before;
    const reason = `${why}${strategy.name}: ${strategy.reason(candidates[index] as RouteCandidate, field)}`;
    return { judged, score: at(scores, index), reason: withKey(judged, reason) };
  });
}

/** How many of the preferences a place has. */
function likedOf({ region, tier }: RouteTarget, prefer: Preferences | undefined): number {
  if (prefer === undefined) return 0;
  const has = (list: readonly string[] | undefined, value: string | undefined): number =>
    value !== undefined && list?.includes(value) === true ? 1 : 0;
  return has(prefer.regions, region) + has(prefer.tiers, tier);
}

function candidateOf({
  priced,
  cost,
  position,
  measured,
  quality = unknownQuality,
  key,
}: Judged): RouteCandidate {
  return {
    target: priced.target,
    cost,
    measured,
    quality: quality.value,
    qualityFrom: quality.from,
    headroom: key?.result === 'found' ? key.headroom : 1,
    position,
  };
}

function withKey({ key }: Judged, reason: string): string {
  return key?.result === 'found' ? `${reason}; key ${key.reason}` : reason;
}
