import { Decimal, type Money, subtractMoney } from '@genops/core';
import type { EntryFilter } from '@genops/ledger';
import type { Candidate, Pricing } from '@genops/pricing';
import type { EntrySource } from './each-entry.ts';
import { nameOfPlace } from './replay.ts';
import { moveScenario, whatIf } from './what-if.ts';

export interface TrafficQuestion {
  readonly pricing: Pick<Pricing, 'price'>;
  /** Which traffic, by instants: inclusive, exclusive. */
  readonly from: string;
  readonly until: string;
  readonly match?: EntryFilter['match'];
  /** @default 'USD' */
  readonly currency?: string;
}

export interface TrafficComparison {
  /** What the traffic cost. */
  readonly current: Money;
  readonly calls: number;
  /** What all of it would have cost at each place; absent where some of it has no price. */
  readonly costByPlace: Readonly<Record<string, Money>>;
  readonly cheapest?: string;
  /** What the cheapest place would have saved; nothing when all cost more. */
  readonly maxSavings: Money;
  /** Calls without a price, by place. */
  readonly unpriced: Readonly<Record<string, number>>;
}

/** What real traffic would have cost at several places, with the tokens of each kind that each call had. */
export async function compareTraffic(
  ledger: EntrySource,
  question: TrafficQuestion & { readonly candidates: readonly Candidate[] },
): Promise<TrafficComparison> {
  const { pricing, from, until, match, candidates, currency = 'USD' } = question;
  const names = candidates.map((candidate) =>
    candidate.serviceTier === undefined
      ? nameOfPlace(candidate)
      : `${nameOfPlace(candidate)} (${candidate.serviceTier})`,
  );
  const { current, calls, scenarios } = await whatIf(ledger, {
    pricing,
    currency,
    filter: { from, until, ...(match !== undefined && { match }) },
    scenarios: candidates.map((candidate, index) => moveScenario({}, candidate, names[index])),
  });
  const priced = scenarios.filter(({ unpriced }) => unpriced === 0);
  const [cheapest] = priced;
  const saves = cheapest?.saving.amount.gt('0') ?? false;
  return {
    current,
    calls,
    costByPlace: Object.fromEntries(priced.map(({ name, total }) => [name, total])),
    ...(cheapest !== undefined && { cheapest: cheapest.name }),
    maxSavings: cheapest !== undefined && saves ? cheapest.saving : subtractMoney(current, current),
    unpriced: Object.fromEntries(
      scenarios.flatMap(({ name, unpriced }) => (unpriced > 0 ? [[name, unpriced]] : [])),
    ),
  };
}

export interface MigrationTarget extends Candidate {
  /** Absent where some of the traffic has no price there. */
  readonly monthlyCost?: Money;
  /** Negative when the move costs more. */
  readonly monthlySavings?: Money;
  readonly unpriced: number;
}

export interface TrafficMigration {
  readonly currentMonthlyCost: Money;
  /** The cheapest first; those without a price last. */
  readonly targets: readonly MigrationTarget[];
  /** Of the cheapest target; nothing when all cost more. */
  readonly projectedSavings: Money;
  readonly calls: number;
  readonly days: number;
}

/**
 * What it would bring to move the traffic of one place elsewhere, for a month like the time that was looked at.
 * Months are scaled from the days seen; that division is rounded at its 20th digit.
 */
export async function estimateTrafficMigration(
  ledger: EntrySource,
  question: TrafficQuestion & {
    readonly current: Pick<Candidate, 'provider' | 'model'>;
    readonly targets: readonly Candidate[];
    /** @default 30 */
    readonly daysPerMonth?: number;
  },
): Promise<TrafficMigration> {
  const { pricing, from, until, match, current, targets, daysPerMonth = 30, currency = 'USD' } = question;
  const { provider, model } = current;
  const result = await whatIf(ledger, {
    pricing,
    currency,
    filter: { from, until, match: { ...match, provider: [provider], model: [model] } },
    scenarios: targets.map((target, index) => ({ ...moveScenario({}, target), name: String(index) })),
  });
  const days = (Date.parse(until) - Date.parse(from)) / 86_400_000;
  const monthly = ({ amount }: Money): Money => ({
    amount: amount.times(String(daysPerMonth)).div(new Decimal(days.toFixed(9))),
    currency,
  });
  const found = targets.map((target, index): MigrationTarget => {
    const scenario = result.scenarios.find(({ name }) => name === String(index));
    if (scenario === undefined || scenario.unpriced > 0)
      return { ...target, unpriced: scenario?.unpriced ?? 0 };
    return {
      ...target,
      unpriced: 0,
      monthlyCost: monthly(scenario.total),
      monthlySavings: monthly(scenario.saving),
    };
  });
  found.sort((left, right) => {
    if (left.monthlyCost === undefined) return right.monthlyCost === undefined ? 0 : 1;
    return right.monthlyCost === undefined ? -1 : left.monthlyCost.amount.cmp(right.monthlyCost.amount);
  });
  const best = found[0]?.monthlySavings;
  const nothing = subtractMoney(result.current, result.current);
  return {
    currentMonthlyCost: monthly(result.current),
    targets: found,
    projectedSavings: best?.amount.gt('0') ? best : nothing,
    calls: result.calls,
    days,
  };
}
