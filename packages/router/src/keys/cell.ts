import type { Random } from '../measure/random.ts';
import { createWeightedDraw } from '../measure/weighted-draw.ts';
import type { Key, KeyMetadata } from './key.ts';

/** Why a key gets no traffic now. */
export interface RestingKey {
  readonly keyId: string;
  /** Such as `throttled`, `breaker_open`, `quota_exhausted`. */
  readonly reason: string;
  /** Absent where only a person can help. */
  readonly untilMs?: number;
}

/** Keys of one provider that are alike in everything but their load: which of them serves is drawn. */
export interface Cell {
  readonly kind: CellKind;
  add(key: Key): void;
  /** Gives a key its share of the draw, or says why it has none. */
  set(key: Key, weight: number, resting?: RestingKey): void;
  draw(random: Random): Key | undefined;
  /** Any key, resting or not, by its configured weight: the same numbers give the same key whatever its state. */
  pick(random: Random): Key | undefined;
  readonly live: number;
  readonly members: readonly Key[];
  /** Those that get no traffic, in the order in which they left. */
  readonly resting: ReadonlyMap<string, RestingKey>;
  /** How many rest, by reason. */
  readonly reasons: ReadonlyMap<string, number>;
  /** When the first resting key is back; undefined when none will be by itself. */
  backAtMs(): number | undefined;
}

export type CellKind = Pick<KeyMetadata, 'region' | 'tier' | 'team' | 'models'> & {
  readonly provider: string;
};

export function createCell(kind: CellKind): Cell {
  const draw = createWeightedDraw();
  const all = createWeightedDraw();
  const members: Key[] = [];
  const places = new Map<string, number>();
  const resting = new Map<string, RestingKey>();
  const reasons = new Map<string, number>();

  const count = (reason: string, change: 1 | -1): void => {
    const now = (reasons.get(reason) ?? 0) + change;
    if (now === 0) reasons.delete(reason);
    else reasons.set(reason, now);
  };

  return {
    kind,
    add(key) {
      places.set(key.id, draw.add());
      all.set(all.add(), key.metadata.weight ?? 1);
      members.push(key);
    },
    set(key, weight, rest) {
      draw.set(places.get(key.id) as number, weight);
      const before = resting.get(key.id);
      if (before !== undefined) count(before.reason, -1);
      if (rest === undefined) {
        if (before !== undefined) resting.delete(key.id);
        return;
      }
      resting.set(key.id, rest);
      count(rest.reason, 1);
    },
    draw: (random) => members[draw.draw(random)],
    pick: (random) => members[all.draw(random)],
    get live() {
      return draw.live;
    },
    members,
    resting,
    reasons,
    backAtMs() {
      let soonest: number | undefined;
      for (const { untilMs } of resting.values()) {
        if (untilMs !== undefined && (soonest === undefined || untilMs < soonest)) soonest = untilMs;
      }
      return soonest;
    },
  };
}

/** Where a key is needed. */
export interface KeyQuestion {
  readonly provider: string;
  readonly model: string;
  readonly region?: string;
  readonly tier?: string;
  /** Whose call it is. */
  readonly team?: string;
}

/** A key without a region, tier or list of models serves all of them; a team's key serves that team alone. */
export function serves(kind: CellKind, question: KeyQuestion): boolean {
  return (
    kind.provider === question.provider &&
    (kind.team === undefined || kind.team === question.team) &&
    (kind.region === undefined || question.region === undefined || kind.region === question.region) &&
    (kind.tier === undefined || question.tier === undefined || kind.tier === question.tier) &&
    (kind.models === undefined || kind.models.includes(question.model))
  );
}
