import type { Limit } from '@genops/core';
import type { HeldDraw, Hold, StoredHold } from '../book/hold.ts';
import type { EntryDraw, RecordedEntry } from '../book/journal.ts';
import { entryFromJson, entryToJson, holdEntryFromJson, holdEntryToJson } from '../entry.ts';
import { rowStart } from '../plan-draw.ts';

export type HoldRecord = readonly [
  id: string,
  at: number,
  expiresAt: number,
  expiresInMs: number,
  clampSteps: number | null,
  granted: number | null,
  draws: string,
  entry: string,
];

export type EntryRecord = readonly [body: string, draws: string];

export type DefinitionRecord = readonly [id: number, definition: string];

/** Numbers for limit definitions, so that each is stored once however often it is drawn on. */
export interface Definitions {
  readonly idOf: (limit: Limit) => number;
  readonly limitOf: (id: number) => Limit;
  /** The greatest number given so far. */
  readonly last: () => number;
  /** Takes up what is stored. */
  readonly learn: (stored: Iterable<DefinitionRecord>) => void;
  /** Those numbered since it was last asked, to be stored. */
  readonly takeNew: () => DefinitionRecord[];
  /** What was numbered since `learn` was not stored: the numbers are free again. */
  readonly forgetNew: () => void;
}

export function createDefinitions(): Definitions {
  const ids = new Map<string, number>();
  const limits = new Map<number, Limit>();
  let byLimit = new WeakMap<Limit, number>();
  let added: DefinitionRecord[] = [];
  let stored = 0;

  function add(id: number, definition: string, limit: Limit): void {
    ids.set(definition, id);
    limits.set(id, limit);
  }

  return {
    idOf: (limit) => {
      let id = byLimit.get(limit);
      if (id === undefined) {
        const definition = JSON.stringify(limit);
        id = ids.get(definition);
        if (id === undefined) {
          id = limits.size + 1;
          add(id, definition, limit);
          added.push([id, definition]);
        }
        byLimit.set(limit, id);
      }
      return id;
    },
    limitOf: (id) => {
      const limit = limits.get(id);
      if (limit === undefined) throw new RangeError(`No limit definition has the number ${id}`);
      return limit;
    },
    last: () => limits.size,
    learn: (records) => {
      for (const [id, definition] of records) {
        if (!limits.has(id)) add(id, definition, JSON.parse(definition) as Limit);
      }
      stored = limits.size;
    },
    takeNew: () => {
      const taken = added;
      added = [];
      return taken;
    },
    forgetNew: () => {
      for (const [definition, id] of ids) {
        if (id <= stored) continue;
        ids.delete(definition);
        limits.delete(id);
      }
      byLimit = new WeakMap();
      added = [];
    },
  };
}

/** A draw of a hold as it is stored; whole numbers as text, because JSON has no integers of that size. */
type HeldDrawJson = readonly [
  definition: number,
  bucket: string,
  row: number,
  asked: string,
  amount: string,
  minimum: string | null,
  place?: readonly [tookUs: string, emptyAtUs: string, givenBackUs: string],
];

type EntryDrawJson = readonly [definition: number, bucket: string, row: number, amount: string];

export function holdToRecord(hold: Hold, definitions: Definitions): HoldRecord {
  const { id, at, expiresAt, expiresInMs, clampSteps = null, granted = null } = hold;
  const draws = hold.draws.map((draw) => heldDrawToJson(draw, definitions));
  return [
    id,
    at,
    expiresAt,
    expiresInMs,
    clampSteps,
    granted,
    JSON.stringify(draws),
    holdEntryToJson(hold.entry),
  ];
}

function heldDrawToJson(draw: HeldDraw, definitions: Definitions): HeldDrawJson {
  const { plan, asked, amount, minimum, place } = draw;
  const stored = [
    definitions.idOf(plan.compiled.limit),
    plan.bucket,
    rowStart(plan),
    asked.toString(),
    amount.toString(),
    minimum?.toString() ?? null,
  ] as const;
  if (place === undefined) return stored;
  const { tookUs, emptyAtUs, givenBackUs } = place;
  return [...stored, [tookUs.toString(), emptyAtUs.toString(), givenBackUs.toString()]];
}

export function holdFromRecord(record: HoldRecord, definitions: Definitions): StoredHold {
  const [id, at, expiresAt, expiresInMs, clampSteps, granted, draws, entry] = record;
  return {
    id,
    at,
    expiresAt,
    expiresInMs,
    clampSteps: clampSteps ?? undefined,
    granted: granted ?? undefined,
    draws: (JSON.parse(draws) as HeldDrawJson[]).map(
      ([definition, bucket, row, asked, amount, minimum, place]) => ({
        limit: definitions.limitOf(definition),
        bucket,
        row,
        asked: BigInt(asked),
        amount: BigInt(amount),
        minimum: minimum === null ? undefined : BigInt(minimum),
        ...(place !== undefined && {
          place: { tookUs: BigInt(place[0]), emptyAtUs: BigInt(place[1]), givenBackUs: BigInt(place[2]) },
        }),
      }),
    ),
    entry: holdEntryFromJson(entry),
  };
}

export function entryToRecord({ entry, draws }: RecordedEntry, definitions: Definitions): EntryRecord {
  const stored = draws.map(
    ({ limit, bucket, row, amount }): EntryDrawJson => [
      definitions.idOf(limit),
      bucket,
      row,
      amount.toString(),
    ],
  );
  return [entryToJson(entry), JSON.stringify(stored)];
}

export function entryFromRecord([body, draws]: EntryRecord, limitOf: Definitions['limitOf']): RecordedEntry {
  return { entry: entryFromJson(body), draws: entryDrawsFromJson(draws, limitOf) };
}

export function entryDrawsFromJson(json: string, limitOf: Definitions['limitOf']): EntryDraw[] {
  return (JSON.parse(json) as EntryDrawJson[]).map(([definition, bucket, row, amount]) => ({
    limit: limitOf(definition),
    bucket,
    row,
    amount: BigInt(amount),
  }));
}
