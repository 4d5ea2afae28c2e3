import { Decimal } from '@genops/core';

/** Decimals that every store keeps: amounts are whole numbers of 10⁻¹² of their unit. */
export const subunitDecimals = 12;
export const subunitsPerUnit = 10n ** BigInt(subunitDecimals);

const powersOfTen = Array.from({ length: 64 }, (_, exponent) => 10n ** BigInt(exponent));

/**
 * The one place where amounts are rounded: what is finer than 10⁻¹² of a unit is rounded up, so that no
 * hold and no cost is ever counted as less than it is. The exact text stays in the entry.
 */
export function toSubunits(amount: Decimal): bigint {
  const digits = amount.c.join('');
  const shift = amount.e - (amount.c.length - 1) + subunitDecimals;
  if (shift >= 0) {
    const size = BigInt(digits) * (powersOfTen[shift] ?? 10n ** BigInt(shift));
    return amount.s < 0 ? -size : size;
  }
  const kept = BigInt(digits.slice(0, shift) || '0');
  // big.js keeps no trailing zeros, so something was cut off; towards +∞ is up.
  return amount.s < 0 ? -kept : kept + 1n;
}

/** Plain decimal text: every digit, no exponent, no trailing zeros. */
export function subunitsToText(subunits: bigint): string {
  if (subunits === 0n) return '0';
  const negative = subunits < 0n;
  const digits = (negative ? -subunits : subunits).toString().padStart(subunitDecimals + 1, '0');
  const point = digits.length - subunitDecimals;
  let end = digits.length;
  while (end > point && digits.charCodeAt(end - 1) === zeroCode) end -= 1;
  const whole = digits.slice(0, point);
  const text = end === point ? whole : `${whole}.${digits.slice(point, end)}`;
  return negative ? `-${text}` : text;
}

const zeroCode = '0'.charCodeAt(0);

export function subunitsToDecimal(subunits: bigint): Decimal {
  return new Decimal(subunitsToText(subunits));
}

/** From text that this package wrote, or that a limit carries. */
export function textToSubunits(text: string): bigint {
  return toSubunits(new Decimal(text));
}
