import type { Random } from '../measure/random.ts';
import { createWeightedDraw } from '../measure/weighted-draw.ts';
import type { Key, KeyMetadata } from './key.ts';

/** Why a key gets no traffic now. */
export interface RestingKey {
  readonly keyId: string;
  /** Such as `throttled`, `breaker_open`, `quota_exhausted`. */
  readonly reason: string;
  /** An instant; absent where only a person can help. */
  readonly until?: string;
}

/** Keys of one provider that are alike in everything but their load: which of them serves is drawn. */
export interface Cell {
  readonly kind: CellKind;
  add(key: Key): void;
  /** Gives a key its share of the draw, or says why it has none. */
  set(key: Key, weight: number, resting?: RestingKey): void;
  draw(random: Random): Key | undefined;
  readonly live: number;
  readonly members: readonly Key[];
  /** A list that never changes; another one is made after something did. */
  resting(): readonly RestingKey[];
}

export type CellKind = Pick<KeyMetadata, 'region' | 'tier' | 'team' | 'models'> & {
  readonly provider: string;
};

export function createCell(kind: CellKind): Cell {
  const draw = createWeightedDraw();
  const members: Key[] = [];
  const places = new Map<string, number>();
  const resting = new Map<string, RestingKey>();
  let list: readonly RestingKey[] | undefined;

  return {
    kind,
    add(key) {
      places.set(key.id, draw.add());
      members.push(key);
    },
    set(key, weight, reason) {
      draw.set(places.get(key.id) as number, weight);
      if (reason !== undefined) resting.set(key.id, reason);
      else if (!resting.delete(key.id)) return;
      list = undefined;
    },
    draw: (random) => members[draw.draw(random)],
    get live() {
      return draw.live;
    },
    members,
    resting() {
      list ??= [...resting.values()];
      return list;
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
