import {
  addMoney,
  ConfigurationError,
  compareMoney,
  type Decimal,
  type Money,
  multiplyMoney,
  parseDecimal,
  subtractMoney,
} from '@genops/core';

/** What something brings and costs in an ordinary month, and once. Every figure is the asker's own. */
export interface Investment {
  readonly monthlyCost: Money;
  /** Paid once, before the first month. @default nothing */
  readonly oneOffCost?: Money;
  readonly incidents?: {
    /** In a month, as exact decimal text. */
    readonly perMonth: string;
    /** Share of them that is prevented, `"0"` to `"1"`. */
    readonly prevented: string;
    readonly costOfOne: Money;
  };
  readonly work?: {
    /** Hours saved in a month, as exact decimal text. */
    readonly hoursPerMonth: string;
    readonly hourlyRate: Money;
  };
  /** Anything else that is saved in a month: of a replay of real traffic, for example. */
  readonly monthlySavings?: Money;
}

export interface ReturnOnInvestment {
  readonly monthlyBenefit: Money;
  /** Benefit minus cost of a month that costs nothing once. */
  readonly monthlyNet: Money;
  /** Of twelve months, what is paid once included. */
  readonly firstYear: { readonly benefit: Money; readonly cost: Money; readonly net: Money };
  /** Net of the first year ÷ its cost, in percent; absent when nothing is paid. */
  readonly annualReturnPercent?: number;
  /** Months until benefits have paid back what was paid once; absent when they never do. */
  readonly paybackMonths?: number;
}

/**
 * Whether something pays. A year is twelve months of benefits and costs plus what is paid once; payback is what
 * is paid once divided by what a month brings net.
 *
 * @throws {ConfigurationError} when a share is none, or a quantity is negative
 * @throws {CurrencyMismatchError} when currencies differ
 */
export function returnOnInvestment(investment: Investment): ReturnOnInvestment {
  const { monthlyCost, incidents, work, monthlySavings } = investment;
  const nothing = multiplyMoney(monthlyCost, '0');
  const oneOff = investment.oneOffCost ?? nothing;
  const parts: readonly Money[] = [
    ...(incidents === undefined
      ? []
      : [
          multiplyMoney(
            multiplyMoney(incidents.costOfOne, quantity('incidents.perMonth', incidents.perMonth)),
            share('incidents.prevented', incidents.prevented),
          ),
        ]),
    ...(work === undefined
      ? []
      : [multiplyMoney(work.hourlyRate, quantity('work.hoursPerMonth', work.hoursPerMonth))]),
    ...(monthlySavings === undefined ? [] : [monthlySavings]),
  ];
  const monthlyBenefit = parts.reduce(addMoney, nothing);
  const monthlyNet = subtractMoney(monthlyBenefit, monthlyCost);
  const benefit = multiplyMoney(monthlyBenefit, '12');
  const cost = addMoney(multiplyMoney(monthlyCost, '12'), oneOff);
  const net = subtractMoney(benefit, cost);
  const pays = compareMoney(monthlyNet, nothing) > 0;
  return {
    monthlyBenefit,
    monthlyNet,
    firstYear: { benefit, cost, net },
    ...(compareMoney(cost, nothing) > 0 && { annualReturnPercent: 100 * ratio(net, cost) }),
    ...(pays && { paybackMonths: ratio(oneOff, monthlyNet) }),
  };
}

function quantity(path: string, text: string): Decimal {
  const value = parseDecimal(text);
  if (value.lt('0')) throw new ConfigurationError(path, `expected 0 or more, got ${text}`);
  return value;
}

function share(path: string, text: string): Decimal {
  const value = quantity(path, text);
  if (value.gt('1')) throw new ConfigurationError(path, `expected a share from 0 to 1, got ${text}`);
  return value;
}

function ratio(part: Money, whole: Money): number {
  return Number(part.amount.div(whole.amount).toFixed());
}
