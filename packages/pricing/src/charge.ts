import { type CostLine, Decimal, type Meter, type MeterQuantities, type Money } from '@genops/core';
import type { Sheet, SheetRate } from './sheet.ts';

export type Charge =
  | { readonly result: 'charged'; readonly total: Money; readonly lines: readonly CostLine[] }
  | { readonly result: 'no_rate'; readonly meter: Meter };

/** Digits after the point at which a price that does not divide evenly is rounded up. */
export const roundedUpAt = 18;

/**
 * Charges disjoint quantities by a sheet. Exact, unless a price does not divide evenly (0.04 for 3,600
 * seconds): such a line is rounded up at its eighteenth decimal.
 *
 * @returns lines in the order of the meters; `total` is exactly their sum
 */
export function charge(sheet: Sheet, quantities: MeterQuantities, currency: string): Charge {
  return (
    (sheet.linear && chargeWholeSteps(sheet, quantities, currency)) ||
    chargeExactly(sheet, quantities, currency)
  );
}

/** In plain integers, when all of them are small enough to be exact; undefined when they are not. */
function chargeWholeSteps(sheet: Sheet, quantities: MeterQuantities, currency: string): Charge | undefined {
  const lines: CostLine[] = [];
  let total = 0;
  for (const meter in quantities) {
    const quantity = quantities[meter as Meter] as number;
    const rate = sheet.rates[meter as Meter]?.[0];
    if (rate === undefined) return { result: 'no_rate', meter: meter as Meter };
    const steps = quantity * rate.safeSteps;
    total += steps;
    if (total > Number.MAX_SAFE_INTEGER) return undefined;
    const subtotal = { amount: new Decimal(`${steps}e-${sheet.scale}`), currency };
    lines.push(line(meter as Meter, quantity, rate, subtotal));
  }
  return { result: 'charged', total: { amount: new Decimal(`${total}e-${sheet.scale}`), currency }, lines };
}

function chargeExactly(sheet: Sheet, quantities: MeterQuantities, currency: string): Charge {
  const lines: CostLine[] = [];
  let total = new Decimal('0');
  for (const meter in quantities) {
    const rates = sheet.rates[meter as Meter];
    if (rates === undefined) return { result: 'no_rate', meter: meter as Meter };
    const [{ minimumQuantity, quantityRounding }] = rates;
    const used = quantities[meter as Meter] as number;
    const billed = Math.max(minimumQuantity, Math.ceil(used / quantityRounding) * quantityRounding);
    rates.forEach((rate, index) => {
      const quantity = Math.min(billed, rates[index + 1]?.beyond ?? billed) - rate.beyond;
      if (quantity <= 0) return;
      const amount = multiply(BigInt(quantity), rate, sheet.scale);
      total = total.plus(amount);
      lines.push(line(meter as Meter, quantity, rate, { amount, currency }));
    });
  }
  return { result: 'charged', total: { amount: total, currency }, lines };
}

function multiply(quantity: bigint, { steps, divisor }: SheetRate, scale: number): Decimal {
  const product = quantity * steps;
  if (product % divisor === 0n) return new Decimal(`${product / divisor}e-${scale}`);
  const places = Math.max(scale, roundedUpAt);
  const shifted = product * 10n ** BigInt(places - scale);
  return new Decimal(`${(shifted + divisor - 1n) / divisor}e-${places}`);
}

function line(meter: Meter, quantity: number, rate: SheetRate, subtotal: Money): CostLine {
  const { unitPrice, per, factor, pricedAs } = rate;
  const made: { -readonly [Key in keyof CostLine]: CostLine[Key] } = {
    meter,
    quantity: String(quantity),
    unitPrice,
    per,
    subtotal,
  };
  if (factor !== undefined) made.factor = factor;
  if (pricedAs !== undefined) made.pricedAs = pricedAs;
  return made;
}
