import type { Limit } from '@genops/core';
import { type CallDimensions, dimensionOf } from './dimensions.ts';

/** A limit that a call draws on, and which of its counters. */
export interface MatchedLimit {
  readonly limit: Limit;
  readonly bucket: string;
}

/** Finds the limits that a call draws on, in the order in which they were written. */
export type LimitIndex = (call: CallDimensions) => readonly MatchedLimit[];

interface Indexed {
  readonly limit: Limit;
  readonly order: number;
}

/**
 * Prepares limits for look-up by the value of one dimension each, so that a call pays for the limits that
 * it meets, not for the limits that exist: a thousand team budgets cost as much as one.
 */
export function compileLimits(limits: readonly Limit[]): LimitIndex {
  const everywhere: Indexed[] = [];
  const byDimension = new Map<string, Map<string, Indexed[]>>();
  limits.forEach((limit, order) => {
    const [first] = Object.entries(limit.scope.match ?? {});
    if (first === undefined) {
      everywhere.push({ limit, order });
      return;
    }
    const [dimension, values] = first;
    const byValue = entryOf(byDimension, dimension, () => new Map<string, Indexed[]>());
    for (const value of new Set(values)) entryOf(byValue, value, () => []).push({ limit, order });
  });

  return (call) => {
    const found = [...everywhere];
    for (const [dimension, byValue] of byDimension) {
      const value = dimensionOf(call, dimension);
      const candidates = value === undefined ? undefined : byValue.get(value);
      for (const candidate of candidates ?? []) if (matches(candidate.limit, call)) found.push(candidate);
    }
    if (found.length > 1) found.sort((left, right) => left.order - right.order);
    return found.map(({ limit }) => ({ limit, bucket: bucketOf(limit, call) }));
  };
}

function matches(limit: Limit, call: CallDimensions): boolean {
  return Object.entries(limit.scope.match ?? {}).every(([dimension, values]) => {
    const value = dimensionOf(call, dimension);
    return value !== undefined && values.includes(value);
  });
}

/**
 * Names the counter of a limit that a call counts on: `customerId=acme&feature=search`. A dimension that
 * the call lacks is written without a value, so that calls which hide it share one counter instead of
 * escaping it.
 */
export function bucketOf(limit: Limit, call: CallDimensions): string {
  const dimensions =
    limit.window.kind === 'session' ? ['sessionId', ...(limit.scope.per ?? [])] : limit.scope.per;
  if (dimensions === undefined) return '';
  return dimensions
    .map((dimension) => {
      const value = dimensionOf(call, dimension);
      return value === undefined ? dimension : `${dimension}=${encodeURIComponent(value)}`;
    })
    .join('&');
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
