import type { LedgerEntry } from '@genops/core';
import { knownCost, toNumber } from '../amounts.ts';
import { type Group, groupKey, groupOf } from '../group-key.ts';
import { welchTest } from '../statistics/compare.ts';
import { createMoments, type MomentsBuilder } from '../statistics/moments.ts';

export interface EfficiencyDrop {
  readonly group: Group;
  /** What fell: the route efficiency that the router recorded, or tokens for a unit of money. */
  readonly measure: 'route_efficiency' | 'tokens_per_unit';
  /** Means before and after; of tokens, geometric ones. */
  readonly before: number;
  readonly after: number;
  /** Calls compared. */
  readonly calls: readonly [before: number, after: number];
  /** How likely so large a change is by chance. */
  readonly pValue: number;
}

export interface EfficiencyOptions {
  /** Calls from this instant on are compared with those before it. */
  readonly since: string;
  /** @default ['provider', 'model'] */
  readonly by?: readonly string[];
  /** How much has to be lost, as a share. @default 0.1 */
  readonly leastLoss?: number;
  /** How likely chance alone may be. @default 0.01 */
  readonly significance?: number;
  /** @default 'USD' */
  readonly currency?: string;
}

interface Measured {
  readonly group: Group;
  readonly route: readonly [before: MomentsBuilder, after: MomentsBuilder];
  /** Logarithms: costs of calls are spread over powers of ten. */
  readonly tokens: readonly [before: MomentsBuilder, after: MomentsBuilder];
}

const usualDimensions: readonly string[] = ['provider', 'model'];

/** Watches whether calls get dearer for what they do: routes chosen worse, fewer tokens for the money. */
export function createEfficiencyWatch(options: EfficiencyOptions): {
  see(entry: LedgerEntry): void;
  /** The largest loss first. */
  drops(): readonly EfficiencyDrop[];
} {
  const { since, by = usualDimensions, leastLoss = 0.1, significance = 0.01, currency = 'USD' } = options;
  const sinceMs = Date.parse(since);
  const groups = new Map<string, Measured>();
  return {
    see(entry) {
      if (entry.kind !== 'settled') return;
      const group = groupOf(entry, by);
      const key = groupKey(group, by);
      let measured = groups.get(key);
      if (measured === undefined) {
        measured = {
          group,
          route: [createMoments(), createMoments()],
          tokens: [createMoments(), createMoments()],
        };
        groups.set(key, measured);
      }
      const side = Date.parse(entry.at) < sinceMs ? 0 : 1;
      const efficiency = entry.decision.routing?.routeEfficiency;
      if (efficiency !== undefined) measured.route[side].add(efficiency);
      const cost = knownCost(entry);
      const tokens = (entry.usage?.inputTokens ?? 0) + (entry.usage?.outputTokens ?? 0);
      if (cost?.currency === currency && cost.amount.gt('0') && tokens > 0) {
        measured.tokens[side].add(Math.log(tokens / toNumber(cost)));
      }
    },
    drops: () =>
      [...groups.values()]
        .flatMap(({ group, route, tokens }) => [
          ...drop(group, 'route_efficiency', route, (value) => value),
          ...drop(group, 'tokens_per_unit', tokens, Math.exp),
        ])
        .filter(({ before, after, pValue }) => 1 - after / before >= leastLoss && pValue < significance)
        .sort((left, right) => left.after / left.before - right.after / right.before),
  };
}

function drop(
  group: Group,
  measure: EfficiencyDrop['measure'],
  [first, second]: readonly [MomentsBuilder, MomentsBuilder],
  show: (value: number) => number,
): readonly EfficiencyDrop[] {
  const [before, after] = [first.moments(), second.moments()];
  const test = welchTest(before, after);
  // Values that never differ on either side leave no doubt when the sides do.
  const isCertain = before.count > 1 && after.count > 1 && test === undefined && after.mean < before.mean;
  const pValue = test?.pValue ?? (isCertain ? 0 : 1);
  return [
    {
      group,
      measure,
      before: show(before.mean),
      after: show(after.mean),
      calls: [before.count, after.count],
      pValue,
    },
  ];
}
