import { Decimal } from '@genops/core';

/** Results of float arithmetic in the pinned packages, each looked at, with the price that they stand for. */
const reviewedFloats: Readonly<Record<string, string>> = {
  // Listed at 0.18 by the provider.
  '0.18000000000000002': '0.18',
  // One twelfth of a dollar (five minutes of storage at 1 per hour), which OpenRouter publishes and bills like this.
  '0.08333333333333334': '0.08333333333333334',
};

/** No price page writes more significant digits. */
const mostDigits = 10;

/**
 * The decimal that a source wrote, from the number that JSON made of it: the shortest text that reads back
 * as the same number. Nothing is ever computed with the number itself.
 *
 * @throws {Error} when it is no non-negative number, or looks like the result of float arithmetic
 */
export function exactText(value: unknown, where: string): string {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new Error(`${where}: expected a non-negative number, got ${String(value)}`);
  }
  const text = new Decimal(String(value)).toFixed();
  const reviewed = reviewedFloats[text];
  if (reviewed !== undefined) return reviewed;
  const digits = text.replace('.', '').replace(/^0+/, '').replace(/0+$/, '');
  if (digits.length > mostDigits) {
    throw new Error(
      `${where}: ${text} has ${digits.length} significant digits, which only float arithmetic makes`,
    );
  }
  return text;
}
