import Big from 'big.js';
import { CurrencyMismatchError, describe, MoneyError } from './errors.ts';

/**
 * This project's own decimal constructor: strict, so that a float cannot slip in, and separate, so that
 * the application's `Big` stays as it is. Text never comes out with an exponent.
 */
export const Decimal: Big.BigConstructor = Big();
Decimal.strict = true;
Decimal.NE = -1_000_000;
Decimal.PE = 1_000_000;

/** An exact decimal number. */
export type Decimal = Big.Big;

/** An exact amount in one currency (ISO 4217 code, or a virtual one such as `OpenRouter Credits`). */
export interface Money {
  readonly amount: Decimal;
  readonly currency: string;
}

/** How money looks in JSON: `{"amount":"0.0000415","currency":"USD"}`. */
export interface MoneyJson {
  readonly amount: string;
  readonly currency: string;
}

const decimalForm = /^-?(0|[1-9]\d{0,17})(\.\d{1,30})?$/;

/**
 * Parses an exact decimal written plainly: at most 18 digits before the point and 30 after it, no
 * exponent, no separators.
 *
 * @throws {MoneyError} for anything else, numbers included: a float has already lost its digits
 */
export function parseDecimal(text: string): Decimal {
  if (typeof text !== 'string' || !decimalForm.test(text)) {
    throw new MoneyError(`Expected a plain decimal such as "0.15" written as text, got ${describe(text)}`);
  }
  return new Decimal(text);
}

/**
 * @param amount - decimal text or an exact decimal
 * @param currency - @default 'USD'
 * @throws {MoneyError} when the text is not a plain decimal
 */
export function money(amount: string | Decimal, currency = 'USD'): Money {
  return { amount: typeof amount === 'string' ? parseDecimal(amount) : amount, currency };
}

/** @throws {CurrencyMismatchError} when the currencies differ */
export function addMoney(left: Money, right: Money): Money {
  return { amount: left.amount.plus(sameCurrency(left, right).amount), currency: left.currency };
}

/** @throws {CurrencyMismatchError} when the currencies differ */
export function subtractMoney(left: Money, right: Money): Money {
  return { amount: left.amount.minus(sameCurrency(left, right).amount), currency: left.currency };
}

/** Scales by an exact factor, such as a quantity or a regional uplift. */
export function multiplyMoney(value: Money, factor: string | bigint | Decimal): Money {
  const exact = typeof factor === 'object' ? factor : parseDecimal(factor.toString());
  return { amount: value.amount.times(exact), currency: value.currency };
}

/**
 * @returns -1, 0 or 1
 * @throws {CurrencyMismatchError} when the currencies differ
 */
export function compareMoney(left: Money, right: Money): -1 | 0 | 1 {
  return left.amount.cmp(sameCurrency(left, right).amount) as -1 | 0 | 1;
}

/**
 * Adds up in any order with the same result.
 *
 * @param currency - of the sum; needed because the list may be empty
 * @throws {CurrencyMismatchError} when one value is of another currency
 */
export function sumMoney(values: Iterable<Money>, currency = 'USD'): Money {
  let total = money(new Decimal('0'), currency);
  for (const value of values) total = addMoney(total, value);
  return total;
}

/**
 * Rounds for showing, halves away from zero. Nothing that is stored or compared passes through here.
 *
 * @param decimals - digits after the point that stay
 */
export function roundMoney(value: Money, decimals: number): Money {
  return { amount: value.amount.round(decimals, Decimal.roundHalfUp), currency: value.currency };
}

/** The amount as plain decimal text: every digit, no exponent, no trailing zeros. */
export function amountOf(value: Money): string {
  return value.amount.toFixed();
}

/** For JSON, audit records and reports. */
export function moneyToJson(value: Money): MoneyJson {
  return { amount: amountOf(value), currency: value.currency };
}

/** @throws {MoneyError} when the amount is not a plain decimal */
export function moneyFromJson(value: MoneyJson): Money {
  return money(value.amount, value.currency);
}

/** For people: every digit and the currency, `0.0000415 USD`. */
export function formatMoney(value: Money): string {
  return `${amountOf(value)} ${value.currency}`;
}

function sameCurrency(left: Money, right: Money): Money {
  if (left.currency !== right.currency) throw new CurrencyMismatchError(left.currency, right.currency);
  return right;
}
