import type { LedgerEntry } from '@genops/core';
import { entryDimension, type SumRow } from '@genops/ledger';
import type { Candidate } from '@genops/pricing';
import { nameOfPlace } from '../replay.ts';

/** What makes calls the same kind of work when nobody says otherwise. */
export const usualWork = ['operation', 'team', 'project', 'feature'] as const;

/** Calls of one kind: who has what done. */
export interface Work {
  readonly key: string;
  readonly subject: Readonly<Record<string, string>>;
}

export function workOf(entry: LedgerEntry, by: readonly string[]): Work {
  return workFrom(by, (name) => entryDimension(entry, name));
}

function workFrom(by: readonly string[], value: (name: string) => string | null | undefined): Work {
  const subject: Record<string, string> = {};
  for (const name of by) {
    const found = value(name);
    if (found !== undefined && found !== null) subject[name] = found;
  }
  return { key: JSON.stringify(subject), subject };
}

/** For titles: `search, ranking, rerank`. What kind of operation it is goes without saying. */
export function workName({ subject }: Pick<Work, 'subject'>): string {
  const names = Object.entries(subject).flatMap(([name, value]) => (name === 'operation' ? [] : [value]));
  return names.length === 0 ? 'unattributed calls' : names.join(', ');
}

/** Where work of each kind is done already, the most used place first. */
export type PlacesInUse = ReadonlyMap<string, readonly Pick<Candidate, 'provider' | 'model'>[]>;

/** @param sums - by the dimensions of work, `provider` and `model` */
export function placesInUse(by: readonly string[], sums: readonly SumRow[]): PlacesInUse {
  const places = new Map<string, Map<string, { provider: string; model: string }>>();
  const used = [...sums].sort((left, right) => right.entries - left.entries);
  for (const { group } of used) {
    const { provider, model } = group;
    if (typeof provider !== 'string' || typeof model !== 'string') continue;
    const { key } = workFrom(by, (name) => group[name]);
    const known = places.get(key) ?? new Map<string, { provider: string; model: string }>();
    known.set(nameOfPlace({ provider, model }), { provider, model });
    places.set(key, known);
  }
  return new Map([...places].map(([key, known]) => [key, [...known.values()]]));
}
