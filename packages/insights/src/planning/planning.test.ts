import { amountOf, money } from '@genops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { growthPlan, type VolumeTier } from './growth-plan.ts';
import { returnOnInvestment } from './return-on-investment.ts';
import { seasonalPlan } from './seasonal-plan.ts';

describe('returnOnInvestment', () => {
  const investment = {
    monthlyCost: money('1000'),
    oneOffCost: money('6000'),
    incidents: { perMonth: '2', prevented: '0.5', costOfOne: money('2000') },
    work: { hoursPerMonth: '10', hourlyRate: money('100') },
  };

  it('takes a year for twelve months, unlike the seed, whose annual return is the monthly one', () => {
    const { monthlyBenefit, firstYear, annualReturnPercent } = returnOnInvestment(investment);
    expect(amountOf(monthlyBenefit)).toBe('3000');
    expect(amountOf(firstYear.benefit)).toBe('36000');
    expect(amountOf(firstYear.cost)).toBe('18000');
    expect(annualReturnPercent).toBe(100);
  });

  it('pays back what was paid once out of the net of each month, unlike the seed, which divides cost by benefit', () => {
    expect(returnOnInvestment(investment).paybackMonths).toBe(3);
    expect(returnOnInvestment({ monthlyCost: money('10'), monthlySavings: money('10') })).not.toHaveProperty(
      'paybackMonths',
    );
  });

  it('has no return on nothing, and refuses shares that are none', () => {
    expect(returnOnInvestment({ monthlyCost: money('0') })).not.toHaveProperty('annualReturnPercent');
    const incidents = { ...investment.incidents, prevented: '1.5' };
    expect(() => returnOnInvestment({ ...investment, incidents })).toThrow(
      /incidents.prevented: expected a share/,
    );
    expect(() => returnOnInvestment({ ...investment, oneOffCost: money('1', 'EUR') })).toThrow(/EUR/);
  });
});

describe('growthPlan', () => {
  const tiers: readonly VolumeTier[] = [
    { from: '1000', discount: '0.1' },
    { from: '2000', discount: '0.5' },
  ];
  const plan = (units: number, tierRule: 'flat' | 'marginal') =>
    growthPlan({ monthlyUnits: units, annualGrowth: 0, months: 1, unitPrice: money('1'), tiers, tierRule })
      .months[0];

  it('states how tiers count: on everything, or on what goes beyond', () => {
    const flat = plan(2500, 'flat');
    const marginal = plan(2500, 'marginal');
    expect(flat && amountOf(flat.cost)).toBe('1250');
    // 1000 in full, 1000 at 0.9, 500 at 0.5.
    expect(marginal && amountOf(marginal.cost)).toBe('2150');
  });

  it('grows by as much in a year as it was told, month by month', () => {
    const { months, years } = growthPlan({
      monthlyUnits: 1_000_000,
      annualGrowth: 1,
      unitPrice: money('0.000001'),
      tierRule: 'flat',
    });
    expect(months[11]?.units).toBe(2_000_000n);
    expect(months[35]?.units).toBe(8_000_000n);
    expect(years).toHaveLength(3);
  });

  it('plans each month at its own volume, with the margin that it was given, unlike the seed’s dearest month × 1.2', () => {
    const { months, years } = growthPlan({
      monthlyUnits: 100,
      annualGrowth: 0.5,
      months: 12,
      unitPrice: money('2'),
      tierRule: 'flat',
      margin: 0.25,
    });
    for (const { units, cost, budget } of months) {
      expect(amountOf(cost)).toBe(String(units * 2n));
      expect(budget.amount.eq(cost.amount.times('1.25'))).toBe(true);
    }
    const sum = months.reduce((total, { cost }) => total + Number(amountOf(cost)), 0);
    expect(years[0] && Number(amountOf(years[0].cost))).toBe(sum);
  });

  it('never costs less for more units when tiers are marginal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 500 }), (units, more) => {
        const [less, greater] = [plan(units, 'marginal'), plan(units + more, 'marginal')];
        expect(less && greater?.cost.amount.gte(less.cost.amount)).toBe(true);
      }),
    );
  });

  it.each([
    [{ annualGrowth: -1 }, /annualGrowth/],
    [{ monthlyUnits: -5 }, /monthlyUnits/],
    [{ months: 0 }, /months/],
    [{ tiers: [...tiers, ...tiers] }, /tiers/],
    [{ tiers: [{ from: '1', discount: '5' }] }, /tiers.0.discount/],
  ])('refuses %j', (changes, message) => {
    const good = { monthlyUnits: 1, annualGrowth: 0, unitPrice: money('1'), tierRule: 'flat' as const };
    expect(() => growthPlan({ ...good, ...changes })).toThrow(message);
  });
});

describe('seasonalPlan', () => {
  const season = [0.8, 0.8, 0.9, 1, 1, 1, 1, 1, 1, 1.1, 1.2, 1.2];
  const months = (count: number, firstMonth = 0, growth = 1.01) =>
    Array.from({ length: count }, (_, index) => {
      const number = firstMonth + index;
      const value = 1000 * growth ** index * (season[number % 12] as number);
      const month = `${2024 + Math.floor(number / 12)}-${String((number % 12) + 1).padStart(2, '0')}`;
      return { month, cost: money(value.toFixed(4)) };
    });

  it('finds the season, the growth and the months to come that a history was made with', () => {
    const plan = seasonalPlan({ history: months(36) });
    if (plan.result !== 'planned') throw new Error('expected a plan');
    plan.factors.forEach((factor, month) => {
      expect(factor).toBeCloseTo(season[month] as number, 1);
    });
    expect(plan.monthlyGrowth).toBeCloseTo(0.01, 3);
    const real = months(48).slice(36);
    plan.months.forEach(({ month, expected }, index) => {
      expect(month).toBe(real[index]?.month);
      expect(Number(amountOf(expected)) / Number(real[index]?.cost.amount.toFixed())).toBeCloseTo(1, 1);
    });
    expect(plan.error).toBeLessThan(0.02);
  });

  it('takes the season out of the base, unlike the seed: a plan made after dear months is not dear for ever', () => {
    const history = months(24, 0, 1);
    const factors = season;
    const plan = seasonalPlan({ history, factors });
    if (plan.result !== 'planned') throw new Error('expected a plan');
    // November and December were dear; January is as cheap as the January before.
    expect(Number(plan.months[0] && amountOf(plan.months[0].expected))).toBeCloseTo(800, 0);
  });

  it('goes by the calendar month, unlike the seed, which counts from the first month planned', () => {
    const plan = seasonalPlan({ history: months(9, 1, 1), factors: season, months: 2 });
    if (plan.result !== 'planned') throw new Error('expected a plan');
    expect(plan.months.map(({ month }) => month)).toEqual(['2024-11', '2024-12']);
    expect(Number(plan.months[0] && amountOf(plan.months[0].expected))).toBeCloseTo(1200, 0);
  });

  it('has a band as wide as it was wrong before, unlike the seed’s ±15 %', () => {
    const calm = seasonalPlan({ history: months(36) });
    const wild = seasonalPlan({
      history: months(36).map(({ month, cost }, index) => ({
        month,
        cost: { ...cost, amount: cost.amount.times(index % 5 < 2 ? '0.7' : '1.3') },
      })),
    });
    if (calm.result !== 'planned' || wild.result !== 'planned') throw new Error('expected plans');
    const width = ({ months: [first] }: typeof calm): number =>
      first === undefined
        ? 0
        : Number(first.high.amount.minus(first.low.amount).div(first.expected.amount).toFixed());
    expect(width(calm)).toBeLessThan(0.05);
    expect(width(wild)).toBeGreaterThan(0.3);
  });

  it('refuses to invent a season from one year', () => {
    expect(seasonalPlan({ history: months(14) })).toEqual({
      result: 'too_little_data',
      months: 14,
      neededMonths: 30,
    });
  });

  it('refuses months that do not follow one another, and factors that are none', () => {
    const [first, , third] = months(3);
    if (first === undefined || third === undefined) throw new Error('expected months');
    expect(() => seasonalPlan({ history: [first, third] })).toThrow(
      /history.1.month: expected the month after/,
    );
    expect(() => seasonalPlan({ history: months(9), factors: [1] })).toThrow(/twelve numbers/);
  });
});
