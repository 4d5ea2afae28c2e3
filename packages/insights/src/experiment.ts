import { ConfigurationError, type LedgerEntry, type Money } from '@genops/core';
import { entryDimension } from '@genops/ledger';
import { createMoneyTally, knownCost, type MoneyTally, toNumber } from './amounts.ts';
import { type Difference, proportionTest, welchTest } from './statistics/compare.ts';
import { momentsOf } from './statistics/moments.ts';

/** Says which arm of an experiment an entry belongs to; undefined when it is in none. */
export type ArmOf = (entry: LedgerEntry) => string | undefined;

/** By a tag that the application set: `tags.variant`. */
export function armByDimension(dimension: string): ArmOf {
  return (entry) => entryDimension(entry, dimension);
}

/**
 * By the routing record of a router's split: the target that the split chose. Calls that stayed where their session
 * was (`sticky session`) name no arm here; the unit that they belong to is in one already.
 */
export function armBySplit(name: string): ArmOf {
  const mark = `split "${name}"`;
  return ({ decision }) =>
    decision.routing?.candidates.find(({ rank, reason }) => rank === 1 && reason.includes(mark))?.targetId;
}

export interface ExperimentOptions {
  readonly armOf: ArmOf;
  /** The arm that the others are compared with. */
  readonly control: string;
  /** What is assigned to an arm as a whole. @default the session, else the operation */
  readonly unitOf?: (entry: LedgerEntry) => string;
  /** How likely a difference by chance alone may be, for all comparisons together. @default 0.05 */
  readonly significance?: number;
  /** Fewer units in an arm say nothing. @default 30 */
  readonly leastUnits?: number;
  /** Units remembered; beyond that the experiment is refused rather than told from a part. @default 1_000_000 */
  readonly mostUnits?: number;
  /** @default 'USD' */
  readonly currency?: string;
}

export interface ArmResult {
  readonly arm: string;
  /** Sessions, or calls where there are none. */
  readonly units: number;
  readonly calls: number;
  readonly cost: Money;
  /** Means over units, for comparison. */
  readonly costPerUnit: number;
  /** Mean over units of the mean time from admission to end. */
  readonly latencyMs: number;
  /** Share of units all of whose operations ended well. */
  readonly success: number;
  /** Units with a call whose cost is not known: they count for success and latency, not for cost. */
  readonly unitsWithUnknownCost: number;
}

export interface Comparison {
  readonly arm: string;
  /** This arm minus the control; absent where there is too little to tell. */
  readonly cost?: Difference;
  readonly latencyMs?: Difference;
  readonly success?: Difference;
  /** `better` or `worse` only when significant; of cost and latency less is better. */
  readonly verdict: {
    readonly cost: Verdict;
    readonly latency: Verdict;
    readonly success: Verdict;
  };
}

export type Verdict = 'better' | 'worse' | 'no_difference_shown' | 'too_little_data';

export interface ExperimentResult {
  readonly arms: readonly ArmResult[];
  readonly comparisons: readonly Comparison[];
  /** What a single comparison has to stay below: `significance` over all of them (Bonferroni). */
  readonly threshold: number;
  /** Units that were seen in more than one arm. They count where they began. */
  readonly crossovers: number;
  /** Entries in no arm. */
  readonly unassigned: number;
}

interface Unit {
  readonly arm: string;
  crossed: boolean;
  calls: number;
  readonly cost: MoneyTally;
  unknownCost: boolean;
  latencyMs: number;
  /** Operations that have not ended well so far; a later attempt may mend that. */
  readonly failed: Set<string>;
}

/**
 * The results of an A/B experiment. Units are sessions, not calls: calls of one session are alike, and counting each
 * would make chance look like a result. A unit stays in the arm that it was first assigned to, also when a fallback
 * served it, so that an arm answers for its failures.
 *
 * @throws {ConfigurationError} when there are more units than are remembered
 */
export async function experiment(
  entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  options: ExperimentOptions,
): Promise<ExperimentResult> {
  const { armOf, unitOf = usualUnit, mostUnits = 1_000_000, currency = 'USD' } = options;
  const units = new Map<string, Unit>();
  let unassigned = 0;
  for await (const entry of entries) {
    if (entry.kind === 'refused' || entry.kind === 'released') continue;
    const id = unitOf(entry);
    const arm = armOf(entry);
    let unit = units.get(id);
    if (unit === undefined) {
      if (arm === undefined) {
        unassigned += 1;
        continue;
      }
      if (units.size >= mostUnits) {
        throw new ConfigurationError(
          'mostUnits',
          `expected at most ${mostUnits} units; narrow the time or the filter`,
        );
      }
      const cost = createMoneyTally();
      unit = { arm, crossed: false, calls: 0, cost, unknownCost: false, latencyMs: 0, failed: new Set() };
      units.set(id, unit);
    }
    if (arm !== undefined && arm !== unit.arm) unit.crossed = true;
    count(unit, entry, currency);
  }
  return judge([...units.values()], unassigned, options, currency);
}

function usualUnit({ attribution, operationId }: LedgerEntry): string {
  return attribution.sessionId ?? operationId;
}

function count(unit: Unit, entry: LedgerEntry, currency: string): void {
  const cost = knownCost(entry);
  if (cost?.currency === currency) unit.cost.add(cost);
  else unit.unknownCost = true;
  if (entry.kind === 'correction') return;
  unit.calls += 1;
  unit.latencyMs += Math.max(0, Date.parse(entry.endedAt) - Date.parse(entry.at));
  if (entry.outcome === 'completed') unit.failed.delete(entry.operationId);
  else unit.failed.add(entry.operationId);
}

function judge(
  units: readonly Unit[],
  unassigned: number,
  options: ExperimentOptions,
  currency: string,
): ExperimentResult {
  const { control, significance = 0.05, leastUnits = 30 } = options;
  const names = [...new Set(units.map(({ arm }) => arm))].sort();
  const others = names.filter((name) => name !== control);
  // Three questions are asked of each arm; asking more makes it likelier that chance answers one.
  const threshold = significance / Math.max(1, 3 * others.length);
  const ofArm = (name: string): readonly Unit[] => units.filter(({ arm }) => arm === name);
  const before = sampleOf(ofArm(control), currency);
  const comparisons = others.map((arm): Comparison => {
    const now = sampleOf(ofArm(arm), currency);
    const enough = Math.min(before.success.trials, now.success.trials) >= leastUnits;
    const enoughCosts = Math.min(before.costs.length, now.costs.length) >= leastUnits;
    const confidence = 1 - threshold;
    const cost = enoughCosts
      ? welchTest(momentsOf(before.costs), momentsOf(now.costs), confidence)
      : undefined;
    const latencyMs = enough
      ? welchTest(momentsOf(before.latencies), momentsOf(now.latencies), confidence)
      : undefined;
    const success = enough ? proportionTest(before.success, now.success, confidence) : undefined;
    return {
      arm,
      ...(cost && { cost }),
      ...(latencyMs && { latencyMs }),
      ...(success && { success }),
      verdict: {
        cost: verdictOf(cost, threshold, 'less'),
        latency: verdictOf(latencyMs, threshold, 'less'),
        success: verdictOf(success, threshold, 'more'),
      },
    };
  });
  return {
    arms: names.map((name) => armResult(name, ofArm(name), currency)),
    comparisons,
    threshold,
    crossovers: units.filter(({ crossed }) => crossed).length,
    unassigned,
  };
}

function verdictOf(difference: Difference | undefined, threshold: number, good: 'less' | 'more'): Verdict {
  if (difference === undefined) return 'too_little_data';
  if (difference.pValue >= threshold) return 'no_difference_shown';
  return difference.difference < 0 === (good === 'less') ? 'better' : 'worse';
}

function sampleOf(units: readonly Unit[], currency: string) {
  return {
    costs: units.filter(({ unknownCost }) => !unknownCost).map(({ cost }) => toNumber(cost.in(currency))),
    latencies: units.filter(({ calls }) => calls > 0).map(({ latencyMs, calls }) => latencyMs / calls),
    success: { successes: units.filter(({ failed }) => failed.size === 0).length, trials: units.length },
  };
}

function armResult(arm: string, units: readonly Unit[], currency: string): ArmResult {
  const { costs, latencies, success } = sampleOf(units, currency);
  const cost = createMoneyTally();
  for (const unit of units) cost.add(unit.cost.in(currency));
  return {
    arm,
    units: units.length,
    calls: units.reduce((sum, { calls }) => sum + calls, 0),
    cost: cost.in(currency),
    costPerUnit: momentsOf(costs).mean,
    latencyMs: momentsOf(latencies).mean,
    success: success.trials === 0 ? 0 : success.successes / success.trials,
    unitsWithUnknownCost: units.length - costs.length,
  };
}
