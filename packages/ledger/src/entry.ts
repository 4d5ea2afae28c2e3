import { isDeepStrictEqual } from 'node:util';
import {
  type Cost,
  type EntryKind,
  type LedgerEntry,
  type Money,
  type MoneyJson,
  moneyFromJson,
  moneyToJson,
} from '@genops/core';
import type { HoldEntry, SettledEntry } from './ledger.ts';

/** Facts that the ledger itself notes on an entry. */
export const ledgerFlags = { lateSettlement: 'late_settlement', overHold: 'over_hold' } as const;

const ownFlags: ReadonlySet<string> = new Set(Object.values(ledgerFlags));

export interface Ending {
  readonly id: string;
  readonly kind: EntryKind;
  /** Instants. */
  readonly at: string;
  readonly endedAt: string;
  readonly flags?: readonly string[];
  readonly corrects?: string;
}

/** The entry of an attempt whose end was reported. */
export function endedEntry(reported: SettledEntry, { flags = [], corrects, ...ending }: Ending): LedgerEntry {
  const all = flags.length === 0 ? reported.flags : [...(reported.flags ?? []), ...flags];
  return {
    ...ending,
    ...reported,
    ...(corrects !== undefined && { corrects }),
    ...(all !== undefined && { flags: all }),
  };
}

const unknownCost: Cost = {
  result: 'unpriced',
  reason: 'unmetered',
  message: 'The hold ran out before anyone said how the call ended',
};

/** The entry of an attempt whose end nobody reported. */
export function expiredEntry(held: HoldEntry, ending: Ending): LedgerEntry {
  return { ...ending, ...held, cost: unknownCost, outcome: 'unknown' };
}

/** What a caller reported, without what the ledger added to it: two reports of the same end are equal. */
export function reportOf(entry: LedgerEntry): SettledEntry {
  const { id, kind, at, endedAt, corrects, flags, ...rest } = entry;
  const reported = flags?.filter((flag) => !ownFlags.has(flag));
  return { ...rest, ...(reported !== undefined && reported.length > 0 && { flags: reported }) };
}

/** True when two values look the same once they are stored. */
export function sameContent(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(toPlain(left), toPlain(right));
}

function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Money is written beforehand: called back from inside, `toJSON` of a decimal costs more than all the rest. */
export function entryToJson(entry: LedgerEntry): string {
  const { held, cost } = entry;
  return JSON.stringify({
    ...entry,
    ...(held !== undefined && { held: moneyToJson(held) }),
    cost: cost.result === 'priced' ? costToJson(cost) : cost,
  });
}

function costToJson(cost: Extract<Cost, { result: 'priced' }>): object {
  const { total, lines, computed, avoided } = cost;
  return {
    ...cost,
    total: moneyToJson(total),
    lines: lines.map((line) => ({ ...line, subtotal: moneyToJson(line.subtotal) })),
    ...(computed !== undefined && {
      computed: { total: moneyToJson(computed.total), difference: moneyToJson(computed.difference) },
    }),
    ...(avoided !== undefined && { avoided: moneyToJson(avoided) }),
  };
}

/** The part of an entry that a hold keeps, likewise. */
export function holdEntryToJson(entry: HoldEntry): string {
  const { held } = entry;
  return JSON.stringify(held === undefined ? entry : { ...entry, held: moneyToJson(held) });
}

/** Reads what {@link entryToJson} wrote. */
export function entryFromJson(json: string): LedgerEntry {
  const entry = JSON.parse(json);
  if (entry.held !== undefined) entry.held = readMoney(entry.held);
  if (entry.cost.result === 'priced') readCost(entry.cost);
  return entry;
}

/** Reads a hold's part of an entry. */
export function holdEntryFromJson(json: string): HoldEntry {
  const entry = JSON.parse(json);
  if (entry.held !== undefined) entry.held = readMoney(entry.held);
  return entry;
}

interface CostInJson {
  total: MoneyJson | Money;
  lines: { subtotal: MoneyJson | Money }[];
  computed?: { total: MoneyJson | Money; difference: MoneyJson | Money };
  avoided?: MoneyJson | Money;
}

function readCost(cost: CostInJson): void {
  cost.total = readMoney(cost.total);
  for (const line of cost.lines) line.subtotal = readMoney(line.subtotal);
  if (cost.computed !== undefined) {
    cost.computed.total = readMoney(cost.computed.total);
    cost.computed.difference = readMoney(cost.computed.difference);
  }
  if (cost.avoided !== undefined) cost.avoided = readMoney(cost.avoided);
}

function readMoney(value: MoneyJson | Money): Money {
  return moneyFromJson(value as MoneyJson);
}

/** What an entry adds to the sum of money, when it is known. */
export function knownCost(entry: LedgerEntry): Money | undefined {
  return entry.cost.result === 'priced' ? entry.cost.total : undefined;
}
