import { attributeOf, type LedgerEntry } from '@genops/core';

/** Stands for a dimension that a call does not have, so that unattributed spending is judged too. */
export const noValue = '(none)';

/** One dimension of a call by its name: `team`, `tags.tier`, `model`, `provider`, `operation`, `region` … */
export function dimensionOf(entry: LedgerEntry, dimension: string): string {
  switch (dimension) {
    case 'provider':
      return entry.provider;
    case 'model':
      return entry.requestModel;
    case 'responseModel':
      return entry.responseModel ?? noValue;
    case 'operation':
      return entry.operation;
    case 'region':
      return entry.region ?? noValue;
    case 'providerKeyId':
      return entry.providerKeyId ?? noValue;
    default:
      return attributeOf(entry.attribution, dimension) ?? noValue;
  }
}

/** True when each dimension has one of its values. */
export function isAbout(
  entry: LedgerEntry,
  where: Readonly<Record<string, readonly string[]>> | undefined,
): boolean {
  if (where === undefined) return true;
  for (const dimension in where) {
    if (!where[dimension]?.includes(dimensionOf(entry, dimension))) return false;
  }
  return true;
}

/** What a call is judged by. */
export function labelsOf(entry: LedgerEntry, per: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries((per ?? []).map((dimension) => [dimension, dimensionOf(entry, dimension)]));
}
