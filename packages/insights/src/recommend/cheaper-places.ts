import { subtractMoney } from '@genops/core';
import type { Candidate, PriceBook } from '@genops/pricing';
import { toNumber } from '../amounts.ts';
import { nameOfPlace, priceElsewhere, type ReplayableCall } from '../replay.ts';
import { chanceNotWorse, type Proportion } from '../statistics/compare.ts';
import type { Detector, Evidence, Finding } from './finding.ts';
import { createSavings, type Savings } from './savings.ts';
import { type PlacesInUse, type Work, workName, workOf } from './work.ts';

export interface CheaperPlacesOptions {
  readonly prices: Pick<PriceBook, 'price' | 'model'>;
  readonly currency: string;
  readonly workBy: readonly string[];
  readonly inUse: PlacesInUse;
  /** Places that can do any of the work, because somebody says so. */
  readonly candidates: readonly Candidate[];
  /** How much lower a share of finished answers may be. */
  readonly tolerance: number;
  /** When models are looked up: their context windows. An instant. */
  readonly at: string;
}

type Place = Pick<Candidate, 'provider' | 'model'> & Partial<Candidate>;

/** Other places that each kind of work is tried at; the most used ones are enough. */
const mostAlternatives = 5;

/**
 * Replays each call at every other place where the same kind of work is done, at the same model of providers
 * in use, and at the candidates named, as far as it fits their windows.
 */
export function createCheaperPlaces(options: CheaperPlacesOptions): Detector {
  const { prices, currency, workBy, inUse, candidates, tolerance, at } = options;
  const providers = new Set([...inUse.values()].flatMap((places) => places.map(({ provider }) => provider)));
  const moves = new Map<string, Move>();
  const alternatives = new Map<string, readonly Alternative[]>();
  const ended = new Map<string, { successes: number; trials: number }>();
  const limits = new Map<string, Limits>();

  function limitsOf(place: Place): Limits {
    const name = nameOfPlace(place);
    let found = limits.get(name);
    if (found === undefined) {
      found = prices.model(place.provider, place.model, at) ?? {};
      limits.set(name, found);
    }
    return found;
  }

  function alternativesFor(work: Work, from: Place): readonly Alternative[] {
    const key = `${work.key} ${nameOfPlace(from)}`;
    let found = alternatives.get(key);
    if (found === undefined) {
      const sameModel = [...providers]
        .filter((provider) => prices.model(provider, from.model, at)?.status !== 'retired')
        .filter((provider) => prices.model(provider, from.model, at) !== undefined)
        .map((provider) => ({ place: { provider, model: from.model }, known: 'same_model' as const }));
      const all: readonly Alternative[] = [
        ...candidates.map((place) => ({ place, known: 'named' as const })),
        ...(inUse.get(work.key) ?? []).map((place) => ({ place, known: 'in_use' as const })),
        ...sameModel,
      ];
      const unlike = all.filter(
        ({ place }, index) =>
          nameOfPlace(place) !== nameOfPlace(from) &&
          all.findIndex((other) => nameOfPlace(other.place) === nameOfPlace(place)) === index,
      );
      found = unlike.slice(0, mostAlternatives);
      alternatives.set(key, found);
    }
    return found;
  }

  return {
    see(entry, call) {
      if (entry.kind !== 'settled') return;
      const work = workOf(entry, workBy);
      const from = call?.place ?? { provider: entry.provider, model: entry.requestModel };
      countEnding(ended, `${work.key} ${nameOfPlace(from)}`, entry.outcome === 'completed');
      countEnding(ended, from.provider, entry.outcome === 'completed');
      if (call === undefined || call.own.currency !== currency) return;
      for (const alternative of alternativesFor(work, from)) {
        const { place } = alternative;
        const key = `${work.key} ${nameOfPlace(from)} ${nameOfPlace(place)}`;
        let move = moves.get(key);
        if (move === undefined) {
          move = { work, from, alternative, savings: createSavings(currency), tooLong: 0, unpriced: 0 };
          moves.set(key, move);
        }
        if (!fits(call, limitsOf(place))) move.tooLong += 1;
        else {
          const there = priceElsewhere(prices, call, sameTier(call, place));
          if (there === undefined) move.unpriced += 1;
          else move.savings.add(call, subtractMoney(call.own, there));
        }
      }
    },
    findings() {
      const best = new Map<string, { finding: Finding; expected: number }>();
      for (const move of moves.values()) {
        if (!move.savings.total().amount.gt('0')) continue;
        const finding = toFinding(move, ended, tolerance);
        const confidence = finding.evidence.reduce((product, { value }) => product * value, 1);
        const expected = toNumber(finding.potentialSavings) * confidence;
        const key = `${move.work.key} ${nameOfPlace(move.from)}`;
        if (expected > (best.get(key)?.expected ?? -1)) best.set(key, { finding, expected });
      }
      return [...best.values()].map(({ finding }) => finding);
    },
  };
}

interface Alternative {
  readonly place: Place;
  readonly known: 'named' | 'in_use' | 'same_model';
}

interface Move {
  readonly work: Work;
  readonly from: Place;
  readonly alternative: Alternative;
  readonly savings: Savings;
  tooLong: number;
  unpriced: number;
}

interface Limits {
  readonly contextTokens?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
}

function fits({ usage }: ReplayableCall, { contextTokens, maxOutputTokens }: Limits): boolean {
  const { inputTokens = 0, outputTokens = 0 } = usage;
  return (
    inputTokens + outputTokens <= (contextTokens ?? Number.POSITIVE_INFINITY) &&
    outputTokens <= (maxOutputTokens ?? Number.POSITIVE_INFINITY)
  );
}

/** A batch stays a batch: moving it is one thing, and having it wait is another. */
function sameTier({ place: { serviceTier } }: ReplayableCall, place: Place): Place {
  return serviceTier === undefined || place.serviceTier !== undefined ? place : { ...place, serviceTier };
}

function countEnding(
  ended: Map<string, { successes: number; trials: number }>,
  key: string,
  success: boolean,
): void {
  const count = ended.get(key) ?? { successes: 0, trials: 0 };
  ended.set(key, { successes: count.successes + (success ? 1 : 0), trials: count.trials + 1 });
}

function toFinding(move: Move, ended: ReadonlyMap<string, Proportion>, tolerance: number): Finding {
  const { work, from, alternative, savings, tooLong, unpriced } = move;
  const none = { successes: 0, trials: 0 };
  const before = ended.get(`${work.key} ${nameOfPlace(from)}`) ?? none;
  const there = ended.get(`${work.key} ${nameOfPlace(alternative.place)}`) ?? none;
  const elsewhere = ended.get(alternative.place.provider) ?? none;
  const judged = there.trials > 0 ? there : elsewhere;
  const quality: Evidence = {
    value: chanceNotWorse(before, judged, tolerance),
    because:
      judged.trials === 0
        ? 'nothing is known of how calls end there'
        : `${judged.successes} of ${judged.trials} calls there ended well, ${before.successes} of ${before.trials} here`,
  };
  const to = nameOfPlace(alternative.place);
  return {
    optimizationType: 'routing',
    title: `Have ${workName(work)} done by ${to} instead of ${nameOfPlace(from)}`,
    subject: { ...work.subject, from: nameOfPlace(from), to },
    potentialSavings: savings.total(),
    sampleSize: savings.calls,
    evidence: [...savings.evidence(), quality],
    effortLevel: alternative.known === 'same_model' ? 'low' : 'medium',
    assumption: assumptions[alternative.known],
    against: [
      ...(alternative.known === 'same_model'
        ? []
        : ['that a call ended well does not say that its answer was good']),
      ...(there.trials === 0 ? [`none of this work was done by ${to} in this time`] : []),
      ...(tooLong > 0 ? [`${tooLong} calls are too long for it and stay where they are`] : []),
      ...(unpriced > 0 ? [`${unpriced} calls have no price there and stay where they are`] : []),
    ],
  };
}

const assumptions: Readonly<Record<Alternative['known'], string>> = {
  in_use:
    'The calls need what the calls of the same work need that are made there already, and as many tokens',
  named: 'The model named can do the work with as many tokens',
  same_model: 'A model of the same name is the same model',
};
