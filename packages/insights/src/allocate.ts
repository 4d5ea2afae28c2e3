import { addMoney, ConfigurationError, type Decimal, type Money, parseDecimal } from '@genops/core';
import { noMoney } from './entry-details.ts';

/** How shared costs are split among those who share them. */
export type AllocationRule =
  /** The same for everyone. */
  | { readonly rule: 'even' }
  /** By what each spent directly; evenly where nobody spent anything. */
  | { readonly rule: 'proportional' }
  /** By shares agreed upon, as exact decimal text; they need not add up to anything. */
  | { readonly rule: 'fixed'; readonly shares: Readonly<Record<string, string>> };

export interface AllocationQuestion {
  /** What each spent directly, by name: teams, projects, customers. One currency. */
  readonly direct: Readonly<Record<string, Money>>;
  /** What nobody in particular spent. */
  readonly shared: Money;
  readonly rule: AllocationRule;
  /** Digits after the point that a part may have. @default 12 */
  readonly decimals?: number;
}

export interface Allocation {
  readonly name: string;
  readonly direct: Money;
  readonly shared: Money;
  readonly total: Money;
}

/**
 * Splits shared costs so that every part has a payer and nothing is left or made: parts are rounded down and the rest
 * goes, one last digit each, to those whose remainders were the largest (Hamilton's method), by name where equal.
 *
 * @returns by name; direct and shared parts add up to what was given, to the last digit
 * @throws {ConfigurationError} when there is nobody to pay, or shares are negative or all nothing
 * @throws {CurrencyMismatchError} when currencies differ
 */
export function allocateShared(question: AllocationQuestion): readonly Allocation[] {
  const { direct, shared, rule, decimals = 12 } = question;
  const names = [
    ...new Set([...Object.keys(direct), ...(rule.rule === 'fixed' ? Object.keys(rule.shares) : [])]),
  ].sort();
  if (names.length === 0)
    throw new ConfigurationError('direct', 'expected somebody to allocate to, got nobody');
  if (!Number.isSafeInteger(decimals) || decimals < 0 || decimals > 30) {
    throw new ConfigurationError('decimals', `expected 0 to 30, got ${decimals}`);
  }
  const nothing = noMoney(shared.currency);
  const ofName = (name: string): Money => addMoney(nothing, direct[name] ?? nothing);
  const weights = names.map((name) => weightOf(rule, name, ofName(name)));
  if (rule.rule === 'fixed' && weights.every((weight) => weight.eq('0'))) {
    throw new ConfigurationError('rule.shares', 'expected one share above 0');
  }
  const parts = largestRemainder(shared.amount, weights, decimals);
  return names.map((name, index) => {
    const part: Money = { amount: parts[index] as Decimal, currency: shared.currency };
    const own = ofName(name);
    return { name, direct: own, shared: part, total: addMoney(own, part) };
  });
}

function weightOf(rule: AllocationRule, name: string, direct: Money): Decimal {
  switch (rule.rule) {
    case 'even':
      return parseDecimal('1');
    case 'proportional':
      // A correction may leave somebody below nothing; nobody is paid to share.
      return direct.amount.lt('0') ? parseDecimal('0') : direct.amount;
    case 'fixed': {
      const weight = parseDecimal(Object.hasOwn(rule.shares, name) ? (rule.shares[name] as string) : '0');
      if (weight.lt('0')) {
        throw new ConfigurationError(`rule.shares.${name}`, `expected 0 or more, got ${weight.toFixed()}`);
      }
      return weight;
    }
  }
}

/** Splits an amount by weights; the parts add up to it. */
function largestRemainder(
  amount: Decimal,
  weights: readonly Decimal[],
  decimals: number,
): readonly Decimal[] {
  const zero = parseDecimal('0');
  const sum = weights.reduce((total, weight) => total.plus(weight), zero);
  if (sum.eq('0')) {
    // Nobody spent anything: all share alike.
    return largestRemainder(
      amount,
      weights.map(() => parseDecimal('1')),
      decimals,
    );
  }
  // In whole last digits: what the amount has beyond them goes to the first part as it is.
  const unit = parseDecimal('1').times(`1e-${decimals}`);
  const sign = amount.lt('0') ? '-1' : '1';
  const digits = toInteger(amount.abs(), decimals);
  const fine = amount.abs().minus(unit.times(digits.toString()));
  const scaled = weights.map((weight) => toInteger(weight, 30));
  const total = scaled.reduce((left, right) => left + right, 0n);
  const floors = scaled.map((weight) => (digits * weight) / total);
  const remainders = scaled.map((weight, index) => ({ index, rest: (digits * weight) % total }));
  let left = digits - floors.reduce((one, other) => one + other, 0n);
  remainders.sort((one, other) =>
    one.rest < other.rest ? 1 : one.rest > other.rest ? -1 : one.index - other.index,
  );
  for (const { index } of remainders) {
    if (left === 0n) break;
    floors[index] = (floors[index] as bigint) + 1n;
    left -= 1n;
  }
  const first = scaled.findIndex((weight) => weight > 0n);
  return floors.map((part, index) => {
    const exact = unit.times(part.toString());
    return (index === first ? exact.plus(fine) : exact).times(sign);
  });
}

/** How many units of the last digit an amount has, what is finer cut off. */
function toInteger(amount: Decimal, decimals: number): bigint {
  const [whole = '0', fraction = ''] = amount.toFixed().split('.');
  return BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
}

/** Direct costs by name and what nobody in particular spent, out of a summary by one dimension. */
export function splitUnattributed(
  rows: readonly { readonly group: Readonly<Record<string, string | null>>; readonly cost: Money }[],
  dimension: string,
  currency = 'USD',
): { readonly direct: Readonly<Record<string, Money>>; readonly shared: Money } {
  const direct: Record<string, Money> = Object.create(null);
  let shared = noMoney(currency);
  for (const { group, cost } of rows) {
    if (cost.currency !== currency) continue;
    const name = group[dimension];
    if (name === null || name === undefined) shared = addMoney(shared, cost);
    else direct[name] = addMoney(direct[name] ?? noMoney(currency), cost);
  }
  return { direct, shared };
}
