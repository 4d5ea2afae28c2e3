import { ConfigurationError, Decimal, type Money, parseDecimal } from '@genops/core';

/** A discount of a contract: from so many units in a month on. */
export interface VolumeTier {
  /** Units of a month, as exact decimal text. */
  readonly from: string;
  /** Taken off the price, `"0"` to `"1"`: `"0.15"` is 15 %. */
  readonly discount: string;
}

export interface GrowthPlanOptions {
  /** Units (tokens, requests) of the last month: metered, not guessed. */
  readonly monthlyUnits: number;
  /** Growth in a year: 0.5 is half as much again. It is spread over the months so that it compounds to that. */
  readonly annualGrowth: number;
  /** @default 36 */
  readonly months?: number;
  /** Of one unit, before discounts. */
  readonly unitPrice: Money;
  /** None are assumed. @default none */
  readonly tiers?: readonly VolumeTier[];
  /** Whether a tier's discount is on all units of the month (`flat`), or on those beyond its start (`marginal`). */
  readonly tierRule: 'flat' | 'marginal';
  /** What is planned beyond the expected cost, such as the upper end of a forecast's interval ÷ its middle − 1. @default 0 */
  readonly margin?: number;
}

export interface PlannedMonth {
  /** 1 is the month after the last one. */
  readonly month: number;
  readonly units: bigint;
  readonly cost: Money;
  readonly budget: Money;
}

export interface GrowthPlan {
  readonly months: readonly PlannedMonth[];
  /** Sums of twelve months each; the last may have fewer. */
  readonly years: readonly { readonly cost: Money; readonly budget: Money }[];
}

/**
 * What growing use will cost, month by month. Each month is priced at its own volume: a budget of the dearest month
 * for all of them would be money that nobody can use.
 *
 * @throws {ConfigurationError} when a figure cannot be meant, or tiers overlap
 */
export function growthPlan(options: GrowthPlanOptions): GrowthPlan {
  const { monthlyUnits, annualGrowth, months = 36, unitPrice, tiers = [], tierRule, margin = 0 } = options;
  check(
    'monthlyUnits',
    monthlyUnits >= 0 && Number.isFinite(monthlyUnits),
    'a number from 0 up',
    monthlyUnits,
  );
  check('annualGrowth', annualGrowth > -1 && Number.isFinite(annualGrowth), 'more than -1', annualGrowth);
  check('months', Number.isSafeInteger(months) && months > 0 && months <= 600, '1 to 600', months);
  check('margin', margin >= 0 && Number.isFinite(margin), 'a number from 0 up', margin);
  const scale = checkTiers(tiers);
  const factor = new Decimal((1 + margin).toFixed(6));
  const planned = Array.from({ length: months }, (_, index): PlannedMonth => {
    const month = index + 1;
    const units = BigInt(Math.round(monthlyUnits * (1 + annualGrowth) ** (month / 12)));
    const cost = costOfUnits(units, unitPrice, scale, tierRule);
    return { month, units, cost, budget: { ...cost, amount: cost.amount.times(factor) } };
  });
  const years = Array.from({ length: Math.ceil(months / 12) }, (_, year) => {
    const part = planned.slice(12 * year, 12 * (year + 1));
    const sum = (of: (month: PlannedMonth) => Money): Money => ({
      amount: part.reduce((total, month) => total.plus(of(month).amount), new Decimal('0')),
      currency: unitPrice.currency,
    });
    return { cost: sum(({ cost }) => cost), budget: sum(({ budget }) => budget) };
  });
  return { months: planned, years };
}

interface Step {
  readonly from: Decimal;
  readonly pays: Decimal;
}

function checkTiers(tiers: readonly VolumeTier[]): readonly Step[] {
  const steps = tiers.map(({ from, discount }, index) => {
    const off = parseDecimal(discount);
    check(`tiers.${index}.discount`, off.gte('0') && off.lte('1'), 'a share from 0 to 1', discount);
    return { from: parseDecimal(from), pays: new Decimal('1').minus(off) };
  });
  steps.sort((left, right) => left.from.cmp(right.from));
  steps.forEach((step, index) => {
    const before = steps[index - 1];
    check(
      'tiers',
      before === undefined || step.from.gt(before.from),
      'each to begin elsewhere',
      step.from.toFixed(),
    );
  });
  return steps;
}

/** What so many units of one month cost. */
function costOfUnits(
  units: bigint,
  unitPrice: Money,
  steps: readonly Step[],
  rule: 'flat' | 'marginal',
): Money {
  const total = new Decimal(units.toString());
  const list = unitPrice.amount.times(total);
  if (rule === 'flat') {
    const reached = steps.findLast(({ from }) => total.gte(from));
    return { ...unitPrice, amount: reached === undefined ? list : list.times(reached.pays) };
  }
  let amount = new Decimal('0');
  const starts: readonly Step[] = [{ from: new Decimal('0'), pays: new Decimal('1') }, ...steps];
  starts.forEach(({ from, pays }, index) => {
    const end = starts[index + 1]?.from;
    const upTo = end === undefined || total.lt(end) ? total : end;
    if (upTo.gt(from)) amount = amount.plus(upTo.minus(from).times(unitPrice.amount).times(pays));
  });
  return { ...unitPrice, amount };
}

function check(path: string, good: boolean, expected: string, got: unknown): void {
  if (!good) throw new ConfigurationError(path, `expected ${expected}, got ${got}`);
}
