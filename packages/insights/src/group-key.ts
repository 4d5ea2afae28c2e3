import type { LedgerEntry } from '@genops/core';
import { entryDimension } from '@genops/ledger';

/** One value for each dimension asked for; `null` where entries have none. */
export type Group = Readonly<Record<string, string | null>>;

export function groupOf(entry: LedgerEntry, by: readonly string[]): Group {
  return Object.fromEntries(by.map((name) => [name, entryDimension(entry, name) ?? null]));
}

/** The same text for the same values of the same dimensions. */
export function groupKey(group: Group, by: readonly string[]): string {
  return JSON.stringify(by.map((name) => group[name] ?? null));
}
